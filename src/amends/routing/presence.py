"""Whether somebody is here (PURE): what they say of themselves, else their hours and when a page of theirs was last open."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from amends.routing.hours import Hours, on_shift

SEEN_WITHIN = timedelta(minutes=15)
HERE, AWAY, OFF = "here", "away", "off"


def presence(
    *, says: str, says_until: datetime | None, last_seen: datetime | None, hours: Hours, zone: ZoneInfo, now: datetime
) -> str:
    """`here`, `away` or `off`. What was said by hand holds until its time; then hours and pages tell."""
    if says and says_until is not None and now < says_until:
        return says
    if not on_shift(hours, zone, now):
        return OFF
    return HERE if last_seen is not None and now - last_seen <= SEEN_WITHIN else AWAY
