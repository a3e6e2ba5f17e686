"""Clocks as short words with a shape (PURE): values and `now` in, what to draw out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext, pgettext

SOON = timedelta(hours=4)
"""A due time nearer than this is shown as warned when the clock itself names no warning."""

RING = 28.27
"""The circumference, in the drawing's units, of the ring that fills while a clock runs (radius 4.5)."""


class ClockState(StrEnum):
    """How a clock stands; each has its own shape."""

    RUNNING = "running"
    WARNED = "warned"
    LATE = "late"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class ClockBadge:
    """What a badge shows.

    Attributes:
        kind: what is due, in one word ("answer").
        state: decides shape and colour.
        length: how long still or how late, in words ("2 d", "late 3 h").
        why: the whole reason, for the hint and for screen readers.
        due: the instant it is due.
        filled: length of the drawn arc of the ring, 0 to `RING`.
    """

    kind: str
    state: ClockState
    length: str
    why: str
    due: datetime
    filled: float

    @property
    def words(self) -> str:
        """Kind and length, as it stands in a row: "answer late 3 h"."""
        return f"{self.kind} {self.length}"


def kind_word(kind: str) -> str:
    """One short word for what a clock wants, in the language of the page."""
    words = {
        "acknowledge": pgettext("clock", "acknowledge"),
        "final_response": pgettext("clock", "answer"),
        "summary_resolution": pgettext("clock", "summary"),
        "ombudsman_referral": pgettext("clock", "ombudsman"),
        "promise": pgettext("clock", "promise"),
        "step": pgettext("clock", "step"),
        "survey": pgettext("clock", "survey"),
        "check_in": pgettext("clock", "check-in"),
        "": pgettext("clock", "due"),
    }
    return words.get(kind) or kind.replace("_", " ")


def length_words(length: timedelta) -> str:
    """A length as one number with its unit, rounded down: "12 min", "5 h", "2 d"."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 1:
        return gettext("< 1 min")
    if minutes < 60:
        return gettext("%(number)d min") % {"number": minutes}
    if minutes < 48 * 60:
        return gettext("%(number)d h") % {"number": minutes // 60}
    return gettext("%(number)d d") % {"number": minutes // (24 * 60)}


def clock_state(
    *, due: datetime, now: datetime, warn: datetime | None, stopped: datetime | None, paused: bool
) -> ClockState:
    """The state of a clock from its times."""
    if stopped is not None:
        return ClockState.MET if stopped <= due else ClockState.MISSED
    if paused:
        return ClockState.PAUSED
    if now >= due:
        return ClockState.LATE
    return ClockState.WARNED if now >= (warn or due - SOON) else ClockState.RUNNING


def clock_badge(
    *,
    kind: str,
    due: datetime,
    now: datetime,
    why: str = "",
    started: datetime | None = None,
    warn: datetime | None = None,
    stopped: datetime | None = None,
    paused: bool = False,
    state: ClockState | None = None,
) -> ClockBadge:
    """The badge of one clock at `now`. All times are aware. A `state` that is known already is not worked out again."""
    state = state or clock_state(due=due, now=now, warn=warn, stopped=stopped, paused=paused)
    if state is ClockState.MISSED:
        length = gettext("%(length)s too late") % {"length": length_words((stopped or now) - due)}
    elif state is ClockState.MET:
        length = gettext("kept")
    elif state is ClockState.LATE:
        length = gettext("late %(length)s") % {"length": length_words(now - due)}
    elif state is ClockState.PAUSED:
        length = gettext("paused")
    else:
        length = length_words(due - now)
    total = (due - started).total_seconds() if started else 0.0
    share = min(1.0, max(0.0, (now - started).total_seconds() / total)) if started and total > 0 else 0.0
    return ClockBadge(kind=kind_word(kind), state=state, length=length, why=why, due=due, filled=round(share * RING, 1))
