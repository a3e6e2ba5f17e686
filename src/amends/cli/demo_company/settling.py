"""Brings the loaded stories up to the present: sweeps clocks and promises, and leaves only fresh news unread."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from amends.accounts.public import User
from amends.cli.demo_company.playing import nothing_leaves
from amends.clocks.public import sweep
from amends.core import clock
from amends.handling.public import sweep_promises

FRESH: Final = timedelta(hours=20)


def settle(now: datetime) -> None:
    """What the clocks and the calendar have decided by `now`, noted at that time; old notifications are read."""
    with clock.frozen_at(now), nothing_leaves():
        while sweep(now=now).warned:
            pass
        sweep_promises(now=now)


__all__ = ["FRESH", "User", "settle"]
