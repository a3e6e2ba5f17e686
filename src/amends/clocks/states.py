"""How a clock stands, and when to look at it again. Pure: times in, decision out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from amends.clocks.rulewords import Missed

NEUTRAL_STOPS = frozenset({"withdrawn", "out_of_jurisdiction", "superseded", "no_longer_applies"})
"""What ends a clock without saying anything about whether we were in time."""

LAPSED = "lapsed"
"""What the sweep writes as the end of a possibility that nobody used."""


class State(StrEnum):
    """How a clock stands; the words of the API.

    `breached` is a clock that ran out, whether it was stopped afterwards or still runs; `lapsed` one that ran out
    without anybody having broken anything.
    """

    RUNNING = "running"
    WARNED = "warned"
    BREACHED = "breached"
    MET = "met"
    STOPPED = "stopped"
    LAPSED = "lapsed"


def state_of(
    *,
    due_at: datetime,
    warnings: Sequence[datetime],
    missed: str,
    stopped_at: datetime | None,
    stopped_by: str,
    now: datetime,
) -> State:
    """The state at `now`. A clock is in time up to and including the instant it is due."""
    if stopped_by == LAPSED:
        return State.LAPSED
    if (stopped_at or now) > due_at:
        return State.BREACHED if missed == Missed.BREACH else State.LAPSED
    if stopped_at is not None:
        return State.STOPPED if stopped_by in NEUTRAL_STOPS else State.MET
    return State.WARNED if any(warning <= now for warning in warnings) else State.RUNNING


def next_alarm(*, due_at: datetime, warnings: Sequence[datetime], now: datetime) -> datetime:
    """When the sweep must look at a running clock next: at the first warning still to come, else when it is due."""
    return min((warning for warning in warnings if warning > now), default=due_at)
