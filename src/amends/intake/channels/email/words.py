"""The words that mail programs write around answered and forwarded messages, as patterns (PURE, one data file).

The data file `words.toml` holds them by language; here they become a few bounded regular expressions over all languages
together, because a quotation is seldom in the language of the answer.
"""

import re
import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE = Path(__file__).parent / "words.toml"

# Scripts that put no spaces between words: a word of theirs has no boundary to look for.
UNSPACED = re.compile(r"^[\u0e00-\u0e7f\u2e80-\ud7ff\uf900-\ufaff\uff00-\uffef]|^[A-Za-z]*[\u2e80-\ud7ff]")


class Words(BaseModel):
    """The words of one language; the data file explains each list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wrote: list[str]
    opens: list[str]
    original: list[str]
    forwarded: list[str]
    begin_forward: list[str]
    sender: list[str]
    sent: list[str]
    to: list[str]
    subject: list[str]
    other: list[str]
    device: list[str]
    device_named: list[str]
    device_ends: list[str]
    closing: list[str]
    disclaimer: list[str]
    banner: list[str] = []
    outside: list[str] = []
    warned: list[str] = []
    letter: list[str] = []


class WordFile(BaseModel):
    """The whole data file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    source: str
    languages: dict[str, Words]


@cache
def word_file() -> WordFile:
    """The data file, checked."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return WordFile.model_validate(
        {
            "version": content.pop("version"),
            "source": content.pop("source"),
            "languages": content,
        }
    )


def of_kind(kind: str) -> tuple[str, ...]:
    """Every word of one list in all languages, lower case, longest first."""
    found = {word.lower() for language in word_file().languages.values() for word in getattr(language, kind)}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def any_of(*kinds: str) -> str:
    """A pattern for any word of these lists, with boundaries where the script has them; spaces match any spaces."""
    words = sorted({word for kind in kinds for word in of_kind(kind)}, key=lambda word: (-len(word), word))
    spaced = "|".join(_pattern(word) for word in words if not UNSPACED.match(word))
    unspaced = "|".join(_pattern(word) for word in words if UNSPACED.match(word))
    bounded = rf"(?<![^\W\d_])(?:{spaced})(?![^\W\d_])" if spaced else ""
    return f"(?:{'|'.join(part for part in (bounded, unspaced) if part)})"


def _pattern(word: str) -> str:
    return r"\s{1,3}".join(re.escape(piece) for piece in word.split())


@cache
def header_kinds() -> dict[str, frozenset[str]]:
    """For each name of a header line, lower case: which of sender, sent, to, subject, other it can mean."""
    found: dict[str, set[str]] = {}
    for kind in ("sender", "sent", "to", "subject", "other"):
        for word in of_kind(kind):
            found.setdefault(word, set()).add(kind)
    return {word: frozenset(kinds) for word, kinds in found.items()}


DASHES = r"\-_=~*#\u2010-\u2015\u2500"
TIME = re.compile(r"\d{1,2}\s?[:.h\u6642\u65f6\uc2dc]\s?\d{2}(?!\d)|\d{1,2}\s?[ap]\.?m\b", re.IGNORECASE)
YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)|(?<!\d)\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)")
AT = re.compile(r"\S@\S|<[^<>\s]{0,100}$")

ATTRIBUTION_ENDS = re.compile(
    any_of("wrote") + rf"(?:[^\n]{{0,160}}[:\uff1a]\s{{0,3}}[>*_\s]{{0,4}}|\W{{0,4}}[{DASHES}]{{2,20}}\s{{0,3}})$",
    re.IGNORECASE,
)
ATTRIBUTION_OPENS = re.compile(
    rf"^\s{{0,8}}[>*{DASHES}\s]{{0,12}}(?:{any_of('opens')}|\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}|\d{{4}}\s?[\u5e74\ub144])",
    re.IGNORECASE,
)
SEPARATOR = re.compile(
    rf"^[>*\s]{{0,6}}(?:[{DASHES}]{{1,60}}\s{{0,4}}{any_of('original')}\s{{0,4}}[:\uff1a]?\s{{0,4}}[{DASHES}]{{0,60}}|"
    r"original message processed by .{1,40}|inactive hide details for .{1,300}|"
    r"message du\s?:?\s\d{1,2}/\d{1,2}/\d{2,4}.{0,20})[*\s]{0,4}$",
    re.IGNORECASE,
)
FORWARD = re.compile(
    rf"^[*\s]{{0,6}}(?:[{DASHES}]{{2,60}}\s{{0,4}}{any_of('forwarded')}[^\n]{{0,60}}?[{DASHES}]{{0,60}}|"
    rf"{any_of('begin_forward')}\s{{0,3}}[:\uff1a])[*\s]{{0,4}}$",
    re.IGNORECASE,
)
HEADER_NAMES = "|".join(_pattern(word) for word in sorted(header_kinds(), key=len, reverse=True))
HEADER_LINE = re.compile(
    rf"^[\s>*_|\u200e\u200f\u202a-\u202e]{{0,10}}(?P<name>{HEADER_NAMES})"
    r"\s{0,3}[*_]{0,3}\s{0,3}[:\uff1a](?P<value>.{0,2000})$",
    re.IGNORECASE | re.DOTALL,
)
NAMELESS_LINE = re.compile(rf"^({HEADER_NAMES})(?=\s|$)(?!\s?[:\uff1a])", re.IGNORECASE)
HEADER_INSIDE = re.compile(rf"{any_of('sender', 'sent', 'to', 'subject')}\*?\s?[:\uff1a]", re.IGNORECASE)
# "-------- Original message --------From: … Date: …": a title and a header block on one line, maybe behind somebody's words.
GLUED_SEPARATOR = re.compile(
    rf"(?<!-)-{{4,60}}(?!-)\s{{0,4}}{any_of('original')}\s{{0,4}}-{{4,60}}\s{{0,4}}(?={HEADER_INSIDE.pattern})",
    re.IGNORECASE,
)
