"""What the rules of a regime add to a first letter.

Which deadline a regime sets is known to a higher domain. It registers itself here, so that a letter can name the rules and the
day without knowing where they come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from amends.cases.public import Complaint
from amends.core.registry import Registry


@dataclass(frozen=True, slots=True)
class RegimeDue:
    """The end of the time for the final response under the rules with this title."""

    title: str
    due: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class RegimeSource:
    """One source of regimes.

    Attributes:
        keys: `keys(complaint)` are the rule packs under which a case runs, for the choice of a letter.
        due: `due(complaint, language)` is the deadline that a first letter has to name, or None.
    """

    key: str
    keys: Callable[[Complaint], tuple[str, ...]]
    due: Callable[[Complaint, str], RegimeDue | None]
    order: int = 100


regime_sources: Registry[RegimeSource] = Registry("regimes in letters")


def regimes_of(complaint: Complaint) -> tuple[str, ...]:
    """The keys of all rule packs under which a case runs."""
    return tuple(key for source in regime_sources for key in source.keys(complaint))


def regime_due(complaint: Complaint, language: str) -> RegimeDue | None:
    """The earliest deadline for the final response that a first letter has to name; None when no rule asks for one."""
    found = [due for source in regime_sources if (due := source.due(complaint, language)) is not None]
    return min(found, key=lambda one: one.due, default=None)
