"""What a check of `amends doctor` answers with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`bad` makes the exit code 1; `note` is worth knowing."""

    GOOD = "ok"
    NOTE = "note"
    BAD = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer."""

    level: Level
    what: str


def good(what: str) -> Finding:
    """All is well."""
    return Finding(Level.GOOD, what)


def note(what: str) -> Finding:
    """Nothing is broken, but somebody may want to know."""
    return Finding(Level.NOTE, what)


def bad(what: str) -> Finding:
    """It is wrong; `what` says what to do."""
    return Finding(Level.BAD, what)
