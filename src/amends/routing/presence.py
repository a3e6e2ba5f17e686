"""Whether somebody is here (PURE): what they say of themselves, else their hours and when a page of theirs was last used."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from amends.accounts.public import Hours, next_start, on_shift

SEEN_WITHIN = timedelta(minutes=15)
HERE_FOR = timedelta(hours=12)
UNSEEN_AT_MOST = timedelta(hours=1)
"""Who said that they are here and then used no page for so long is not here any more, whatever they said."""
AWAY_FOR = timedelta(hours=1)
OFF_FOR = timedelta(hours=12)
LONGEST = timedelta(days=92)
HERE, AWAY, OFF = "here", "away", "off"


def presence(
    *,
    says: str,
    says_until: datetime | None,
    last_seen: datetime | None,
    hours: Hours,
    zone: ZoneInfo,
    now: datetime,
    closed: bool = False,
) -> str:
    """`here`, `away` or `off`. What was said by hand holds until its time; then closed days, hours and pages tell."""
    if still_said(says=says, says_until=says_until, last_seen=last_seen, now=now):
        return says
    if closed or not on_shift(hours, zone, now):
        return OFF
    return HERE if last_seen is not None and now - last_seen <= SEEN_WITHIN else AWAY


def still_said(*, says: str, says_until: datetime | None, last_seen: datetime | None, now: datetime) -> bool:
    """Whether what somebody said of themselves still holds."""
    if not says or says_until is None or now >= says_until:
        return False
    return says != HERE or (last_seen is not None and now - last_seen <= UNSEEN_AT_MOST)


def usual_end(word: str, *, hours: Hours, zone: ZoneInfo, now: datetime) -> datetime:
    """Until when a word holds unless somebody says otherwise: who goes off shift comes back when their hours begin."""
    if word == OFF:
        return next_start(hours, zone, now) or now + OFF_FOR
    return now + (AWAY_FOR if word == AWAY else HERE_FOR)
