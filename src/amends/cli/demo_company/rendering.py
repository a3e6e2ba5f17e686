"""Turns written text with marks and slots into finished text.

`[[quality: words]]` marks a point of the complaint; `{d:+3}` is the date three days after receipt, `{m:40}` money in
the customer's currency, `{order}` and friends are facts of the story. Unknown marks and slots raise `WritingError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from amends.cli.demo_company.model import Aspect, Language, Point

ASPECTS: Mapping[str, Aspect] = {
    "delivery": "delivery",
    "quality": "goods_quality",
    "service": "service",
    "campaign": "campaign_terms",
    "price": "price",
    "billing": "billing",
    "waiting": "waiting_time",
    "communication": "communication",
    "privacy": "privacy_data",
    "manner": "staff_manner",
}
MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
}
_MARK = re.compile(r"\[\[([a-z]+): ([^\[\]]+)\]\]")
_SLOT = re.compile(r"\{([a-z_]+)(?::([^{}]*))?\}")


class WritingError(ValueError):
    """A story or a bank of sentences breaks the form; the message says where."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the slots of one story are filled with."""

    language: Language
    received: date
    currency: str
    words: Mapping[str, str]


def written_date(day: date, language: Language) -> str:
    """A date without weekday and year, as people write it in a letter."""
    month = MONTHS[language][day.month - 1]
    return f"{day.day} {month}" if language == "en" else f"{day.day}. {month}"


def written_money(amount: str, facts: Facts) -> str:
    symbol = "£" if facts.currency == "GBP" else "€"
    if facts.language == "en":
        return f"{symbol}{amount}"
    return f"{amount.replace('.', ',')} {symbol}"


def fill(text: str, facts: Facts, extra: Mapping[str, str] | None = None) -> str:
    """The text with every slot filled; raises `WritingError` for a slot nobody knows."""

    def one(found: re.Match[str]) -> str:
        name, argument = found.group(1), found.group(2)
        if name == "d" and argument:
            return written_date(facts.received + timedelta(days=int(argument)), facts.language)
        if name == "m" and argument:
            return written_money(argument, facts)
        value = (extra or {}).get(name, facts.words.get(name))
        if value is None:
            raise WritingError(f"unknown slot {found.group(0)} in {text[:60]!r}")
        return value

    return _SLOT.sub(one, text).strip()


def marked(text: str) -> tuple[str, tuple[Point, ...]]:
    """The text without its marks, and the points that were marked, in text order."""
    points: list[Point] = []

    def one(found: re.Match[str]) -> str:
        aspect = ASPECTS.get(found.group(1))
        if aspect is None:
            raise WritingError(f"unknown aspect {found.group(1)!r} in {text[:60]!r}")
        points.append(Point(words=found.group(2), aspect=aspect))
        return found.group(2)

    plain = _MARK.sub(one, text)
    if "[[" in plain or "]]" in plain:
        raise WritingError(f"a mark is not closed or holds another one in {text[:60]!r}")
    return plain, tuple(points)
