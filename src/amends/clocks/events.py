"""What happened to a clock."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class ClockWarned(Event):
    """A clock comes near its end; published once for each warning of its rule."""

    clock_id: int
    complaint_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class ClockBreached(Event):
    """A clock ran out while it was still running; published once.

    `over` says that what it waited for has been done meanwhile, too late.
    """

    clock_id: int
    complaint_id: int
    kind: str
    over: bool = False
