"""What a letter looks like as data: one TOML file for each kind and language (PURE, reads files of this package once).

A letter is a list of blocks, so that the plain text and the HTML always say the same. Placeholders are `{name}`; there
is no code in a letter, so an administrator's own letters can do no harm. The reference is docs/reference/voice.md.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

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
)
FALLBACK_LANGUAGE = "en"
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
    """One kind of letter in one language. The kind `closing` ends every other one: how to answer, and who writes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    version: str
    source: str
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
def letter(kind: str, language: str) -> Letter:
    """The letter of a kind in this language, else in English.

    Raises:
        ValueError: there is no such kind, or its file is wrong; the message names the file.
    """
    if kind not in KINDS:
        raise ValueError(f"There is no letter {kind!r}; there are {', '.join(KINDS)}.")
    path = LETTERS / f"{kind}.{language_for(language)}.toml"
    if not path.is_file():
        path = LETTERS / f"{kind}.{FALLBACK_LANGUAGE}.toml"
    read = _read(path)
    closing = _read(LETTERS / f"closing.{read.language}.toml")
    return read.model_copy(update={"block": (*read.block, *closing.block)})


def _read(path: Path) -> Letter:
    try:
        found = Letter.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    if (found.kind, found.language) != tuple(path.name.split(".")[:2]):
        raise ValueError(f"{path.name}: the kind and the language must be those of the file's name")
    return found
