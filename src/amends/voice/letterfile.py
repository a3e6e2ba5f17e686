"""What a letter looks like as data: one TOML file for each kind and language (PURE, reads files of this package once).

A letter is a list of blocks, so that the plain text and the HTML always say the same. Placeholders are `{name}`; there
is no code in a letter, so an administrator's own letters can do no harm. The reference is docs/reference/voice.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amends.voice.choosing import VoiceFileError, read_voice_file

LETTERS = Path(__file__).parent / "letters"
KINDS = (
    "acknowledgement",
    "proposal",
    "handoff_notice",
    "survey",
    "check_in",
    "resolution",
    "delay_notice",
    "reopened",
    "clock_split",
    "date_changed",
    "leadership_letter",
)
FALLBACK_LANGUAGE = "en"
VARIANT = re.compile(r"[a-z_]+(-[a-z0-9_]+)?")
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Part(BaseModel):
    """Something that is said only `when` a value is there, or `unless` it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: Name | None = None
    unless: Name | None = None


class Line(Part):
    """One line of words."""

    text: Annotated[str, Field(min_length=1)]


class Block(Part):
    """One block of a letter: exactly one of these.

    Attributes:
        p: a paragraph; line ends stay.
        quote: somebody's own words.
        numbered, bullets: lines of the letter's own.
        numbered_from, bullets_from: the name of a list of lines in the context.
        link: the label of a link, with `url`.
    """

    p: str | None = None
    quote: str | None = None
    numbered: tuple[Line, ...] | None = None
    bullets: tuple[Line, ...] | None = None
    numbered_from: Name | None = None
    bullets_from: Name | None = None
    link: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Block:
        contents = (self.p, self.quote, self.numbered, self.bullets, self.numbered_from, self.bullets_from, self.link)
        if sum(one is not None for one in contents) != 1:
            raise ValueError("a block has exactly one of p, quote, numbered, bullets, their _from forms, and link")
        if (self.link is None) != (self.url is None):
            raise ValueError("a link needs its url, and a url its link")
        return self


class Letter(BaseModel):
    """One kind of letter, or a variant of it such as `acknowledgement-serious`, in one language. The kind `closing` ends
    every other one: how to answer, and who writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    version: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    subject: tuple[Line, ...] = ()
    block: Annotated[tuple[Block, ...], Field(min_length=1)]


@cache
def languages() -> tuple[str, ...]:
    """The languages letters are written in."""
    return tuple(sorted({path.name.split(".")[1] for path in LETTERS.glob("*.toml")}))


def language_for(*wanted: str) -> str:
    """The first of these languages (`de`, `de-AT`) that letters are written in, else English."""
    for one in wanted:
        short = one.lower().replace("_", "-").split("-")[0]
        if short in languages():
            return short
    return FALLBACK_LANGUAGE


@cache
def letter(name: str, language: str, own: Path | None = None) -> Letter:
    """The letter of a kind or of a variant of it (`acknowledgement-serious`) in this language, else in English.

    Args:
        own: a folder whose files take the place of the built-in ones of the same name.

    Raises:
        VoiceFileError: a file of the own folder is wrong; with the file, the place and the reason.
        ValueError: there is no such letter.
    """
    known = kind_of(name) in KINDS and VARIANT.fullmatch(name)
    path = next((path for path in _candidates(name, language, own) if path.is_file()), None) if known else None
    if path is None:
        raise ValueError(f"There is no letter {name!r}; there are {', '.join(KINDS)}, and variants of them.")
    read = _read(path)
    closing = _read(next(path for path in _candidates("closing", read.language, own) if path.is_file()))
    return read.model_copy(update={"block": (*read.block, *closing.block)})


def kind_of(name: str) -> str:
    """The kind of a letter: `acknowledgement` of `acknowledgement-serious`."""
    return name.partition("-")[0]


def _candidates(name: str, language: str, own: Path | None) -> Iterator[Path]:
    """Where a letter may lie, the best first."""
    for one in (language_for(language), FALLBACK_LANGUAGE):
        for folder in (own, LETTERS):
            if folder is not None:
                yield folder / f"{name}.{one}.toml"


def check_folder(folder: Path) -> list[str]:
    """What is wrong with the letters in an own folder, one sentence each with file, place and reason."""
    if not folder.is_dir():
        return [f"{folder}: there is no such folder"]
    problems = []
    for path in sorted(folder.glob("*.*.toml")):
        try:
            _read(path)
        except VoiceFileError as refused:
            problems.append(str(refused))
    return problems


def _read(path: Path) -> Letter:
    found = read_voice_file(Letter, path)
    if (found.kind, found.language) != tuple(path.name.split(".")[:2]):
        raise VoiceFileError(f"{path}: kind, language: they must be those of the file's name")
    if kind_of(found.kind) not in (*KINDS, "closing"):
        raise VoiceFileError(f"{path}: kind: there are {', '.join(KINDS)}, and variants of them")
    return found
