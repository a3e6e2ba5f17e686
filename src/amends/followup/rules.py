"""When we ask, what an answer means, and when it is too late to ask (PURE)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

SURVEY_EARLIEST, SURVEY_LATEST = timedelta(hours=24), timedelta(hours=48)
CHECK_IN_AFTER = timedelta(days=5)
CHECK_IN_HOUR = time(10)
DAY_BEGINS, DAY_ENDS = time(9), time(18)
TOO_LATE = timedelta(days=7)
"""A question about something long past only shows that nobody remembers; it is not sent any more."""
ANSWER_WITHIN = timedelta(days=7)
"""Whoever does not answer the check-in within this time has no more to say."""
LOWEST, HIGHEST = 0, 10
UNHAPPY_UP_TO = 6
LEAST_EFFORT, MOST_EFFORT = 1, 5


def survey_due(resolved_at: datetime, zone: str) -> datetime:
    """The first moment from 24 to 48 hours after the resolution that is between nine and six on the unit's clock."""
    first = (resolved_at + SURVEY_EARLIEST).astimezone(ZoneInfo(zone))
    if first.time() < DAY_BEGINS:
        first = first.replace(hour=DAY_BEGINS.hour, minute=0, second=0, microsecond=0)
    elif first.time() >= DAY_ENDS:
        first = (first + timedelta(days=1)).replace(hour=DAY_BEGINS.hour, minute=0, second=0, microsecond=0)
    latest = resolved_at + SURVEY_LATEST
    return min(first.astimezone(resolved_at.tzinfo), latest)


def check_in_due(resolved_at: datetime, zone: str) -> datetime:
    """Ten in the morning of the first Monday-to-Friday at least five days after the resolution."""
    local = (resolved_at + CHECK_IN_AFTER).astimezone(ZoneInfo(zone))
    due = local.replace(hour=CHECK_IN_HOUR.hour, minute=0, second=0, microsecond=0)
    if due < local:
        due += timedelta(days=1)
    while due.weekday() >= 5:
        due += timedelta(days=1)
    return due.astimezone(resolved_at.tzinfo)


def is_unhappy(score: int) -> bool:
    """Whether this answer means that it is not settled."""
    return score <= UNHAPPY_UP_TO


def too_late(due_at: datetime, now: datetime) -> bool:
    """Whether it should not be sent any more."""
    return now - due_at > TOO_LATE
