"""What the events of a telephone system make of a call (PURE): in any order, any number of times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from amends.core.errors import BadInput


class CallEvent(StrEnum):
    """What a telephone system says."""

    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    RECORDING = "recording"


class CallState(StrEnum):
    """Where a call is."""

    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Times:
    """When which event happened; None: not heard of."""

    ringing: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None


def event_named(word: str) -> CallEvent:
    """The event of a word.

    Raises:
        BadInput: there is no such event.
    """
    try:
        return CallEvent(word.strip().lower())
    except ValueError:
        known = ", ".join(CallEvent)
        raise BadInput(f"There is no event {word[:40]!r}; there are {known}. Map it in [values.event].") from None


def with_event(times: Times, event: CallEvent, at: datetime) -> Times:
    """The times with one more event; the same event again counts when it first happened."""
    if event is CallEvent.RINGING:
        return replace(times, ringing=_first((times.ringing, at)))
    if event is CallEvent.ANSWERED:
        return replace(times, answered=_first((times.answered, at)))
    if event is CallEvent.ENDED:
        return replace(times, ended=_first((times.ended, at)))
    return times


def _first(moments: Iterable[datetime | None]) -> datetime:
    return min(one for one in moments if one is not None)


def state_of(times: Times, direction: str) -> CallState:
    """Where the call is, whatever order the events came in: an end is an end, and without an answer a missed call."""
    if times.ended is not None:
        return CallState.MISSED if times.answered is None and direction == "in" else CallState.ENDED
    return CallState.RINGING if times.answered is None else CallState.ANSWERED
