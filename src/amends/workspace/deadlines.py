"""The clocks of the cases, as the shell draws them."""

from __future__ import annotations

from collections.abc import Sequence

from amends.cases.public import Complaint
from amends.clocks.public import Badge, State
from amends.clocks.public import badges_for as badges_of_clocks
from amends.core import clock
from amends.workspace.badges import ClockBadge, ClockState, clock_badge

SHAPES = {
    State.RUNNING: ClockState.RUNNING,
    State.WARNED: ClockState.WARNED,
    State.BREACHED: ClockState.LATE,
    State.MET: ClockState.MET,
}


def badges_for(complaints: Sequence[Complaint], *, ended: bool = False) -> dict[int, tuple[ClockBadge, ...]]:
    """The clocks of these cases as badges, first due first (one query); `ended` adds stopped ones."""
    found = badges_of_clocks([one.pk for one in complaints], finished=ended)
    return {pk: tuple(drawn for one in badges if (drawn := _drawn(one)) is not None) for pk, badges in found.items()}


def _drawn(badge: Badge) -> ClockBadge | None:
    """The badge; None for a clock that tells nobody anything: a lapsed possibility, one that no longer applies."""
    state = SHAPES.get(badge.state)
    if state is None:
        return None
    if state is ClockState.LATE and badge.stopped is not None:
        state = ClockState.MISSED
    return clock_badge(
        kind=badge.kind,
        due=badge.due,
        now=clock.now(),
        why=badge.why,
        started=badge.started,
        stopped=badge.stopped,
        state=state,
    )
