"""What happened at the channels that others may care about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class CallMissed(Event):
    """Somebody rang and nobody answered; published once for a call, and only when we know the number.

    Attributes:
        tail: the end of the number, by which callers are told apart.
        complaint_id: the newest open case of whoever is known by the number; None when that is nobody, or several people.
        best_time: when they like to be rung, in their own words; empty when not known.
    """

    call_id: int
    unit_id: int
    number: str
    tail: str
    at: datetime
    complaint_id: int | None
    best_time: str


@dataclass(frozen=True, slots=True)
class CallerReached(Event):
    """Somebody of us spoke to a number, or says so: nobody has to ring it any more for a call until then, nor for this
    one, whose events may come in any order."""

    tail: str
    at: datetime
    by_id: int | None
    call_id: int
