"""Brings the loaded stories up to the present: sweeps clocks and promises, and leaves only fresh news unread."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from amends.accounts.public import User, actor_for_user
from amends.cli.demo_company.staging import nothing_leaves
from amends.clocks.public import sweep
from amends.core import clock
from amends.handling.public import sweep_promises
from amends.notifications.public import mark_all_read

FRESH: Final = timedelta(hours=20)


def old_news_is_read(moment: datetime) -> None:
    """Everybody has read what they were told so far."""
    with clock.frozen_at(moment):
        for user in User.objects.filter(is_active=True):
            mark_all_read(actor=actor_for_user(user))


def settle(now: datetime) -> None:
    """What the clocks and the calendar have decided by `now`, noted at that time."""
    with clock.frozen_at(now), nothing_leaves():
        swept = sweep(now=now)
        while swept.warned + swept.breached + swept.lapsed:  # a clock that warned may have breached too
            swept = sweep(now=now)
        sweep_promises(now=now)
