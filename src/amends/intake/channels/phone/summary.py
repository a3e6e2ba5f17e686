"""The letter after a call: what was understood and agreed, in the customer's language (PURE but for the portal's link).

It belongs to the channel, below the domain that writes the letters of a case, so its words are files of its own.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from uuid import UUID

from django.conf import settings
from pydantic import BaseModel, ConfigDict

from amends.cases.public import portal_token
from amends.core.text import clean_line

LETTERS = Path(__file__).parent / "letters"
PAGE = '<div style="max-width:38em;font-family:system-ui,sans-serif;font-size:16px;line-height:1.55">{body}</div>'
_ADDRESS = re.compile(r"https?:|www\.|\S@\S|<|>", re.IGNORECASE)
_ODD_IN_NAME = re.compile(r"[\d/:@<>{}\[\]|#=&%$€£!?*]")


class Words(BaseModel):
    """The phrases of one language; `{…}` are filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    version: str
    source: str
    subject: str
    hello_name: str
    hello: str
    thanks: str
    points: str
    points_confirmed: str
    said: str
    wish: str
    steps: str
    no_steps: str
    call_back: str
    correct: str
    portal: str
    phone: str
    ending: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the letter says; empty values are not said."""

    language: str
    name: str
    reference: str
    public_id: UUID
    said: str
    points: tuple[str, ...]
    confirmed: bool
    wish: str
    steps: tuple[str, ...]
    call_back: str
    author: str
    author_phone: str
    house: str


@dataclass(frozen=True, slots=True)
class SummaryLetter:
    """Ready to send."""

    subject: str
    text: str
    html: str
    language: str


@cache
def words(language: str) -> Words:
    """The phrases of a language that there are letters in."""
    return Words.model_validate(tomllib.loads((LETTERS / f"summary.{language}.toml").read_text(encoding="utf-8")))


def language_of(*wanted: str) -> str:
    """The first of these languages that there are letters in, else English."""
    known = {path.name.split(".")[1] for path in LETTERS.glob("summary.*.toml")}
    return next((one[:2].lower() for one in wanted if one[:2].lower() in known), "en")


def summary(spoken: Spoken) -> SummaryLetter:
    """The letter: every part that has something to say, the text and the HTML always the same."""
    book = words(spoken.language)
    name = spoken.name if 0 < len(spoken.name) <= 60 and not _ODD_IN_NAME.search(spoken.name) else ""
    hello = book.hello_name.format(name=name) if name else book.hello
    blocks: list[str | tuple[str, tuple[str, ...], bool]] = [hello, book.thanks]
    if spoken.points:
        blocks.append((book.points_confirmed if spoken.confirmed else book.points, spoken.points, False))
    elif spoken.said:
        blocks.append((book.said, (clean_line(spoken.said),), False))
    if spoken.wish and not _ADDRESS.search(spoken.wish):
        blocks.append(book.wish.format(wish=clean_line(spoken.wish)))
    blocks.append((book.steps, spoken.steps, True) if spoken.steps else book.no_steps)
    if spoken.call_back:
        blocks.append(book.call_back.format(time=spoken.call_back))
    blocks.append(book.correct)
    url = f"{settings.AMENDS_PUBLIC_URL}/p/{portal_token(spoken.public_id)}/"
    blocks.append(f"{book.portal}\n{url}")
    if spoken.author_phone:
        blocks.append(book.phone.format(phone=spoken.author_phone))
    blocks.append("\n".join(line for line in (book.ending, spoken.author, spoken.house) if line))
    return SummaryLetter(
        subject=book.subject.format(reference=spoken.reference),
        text="\n\n".join(_as_text(one) for one in blocks) + "\n",
        html=PAGE.format(body="".join(_as_html(one, url) for one in blocks)),
        language=spoken.language,
    )


def _as_text(block: str | tuple[str, tuple[str, ...], bool]) -> str:
    if isinstance(block, str):
        return block
    head, lines, numbered = block
    return "\n".join([head, *(f"{n}. {one}" if numbered else f"- {one}" for n, one in enumerate(lines, start=1))])


def _as_html(block: str | tuple[str, tuple[str, ...], bool], url: str) -> str:
    if isinstance(block, str):
        link = f'<a href="{escape(url)}">{escape(url)}</a>'
        return "<p>" + escape(block).replace("\n", "<br>").replace(escape(url), link) + "</p>"
    head, lines, numbered = block
    tag = "ol" if numbered else "ul"
    return f"<p>{escape(head)}</p><{tag}>" + "".join(f"<li>{escape(one)}</li>" for one in lines) + f"</{tag}>"
