"""Weekly working hours of a person or team (PURE)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$")
MAX_SLOTS = 6
Hours = Mapping[str, Sequence[Sequence[str]]]


class HoursError(ValueError):
    """The hours cannot be used; the message says which day and why."""


def check_hours(given: object) -> dict[str, list[list[str]]]:
    """The hours with each day's slots in order; empty is always.

    Raises:
        HoursError: a day, a time or an order is wrong.
    """
    if not isinstance(given, dict):
        raise HoursError('hours are written as {"mon": [["09:00", "17:00"]]}')
    checked: dict[str, list[list[str]]] = {}
    for day, slots in given.items():
        if day not in DAYS:
            raise HoursError(f"{str(day)[:20]!r} is no day: choose from {', '.join(DAYS)}")
        if not isinstance(slots, list) or len(slots) > MAX_SLOTS:
            raise HoursError(f"{day}: write at most {MAX_SLOTS} slots, each as [from, until]")
        ordered = sorted(_slot(day, one) for one in slots)
        if any(before[1] > after[0] for before, after in itertools.pairwise(ordered)):
            raise HoursError(f"{day}: two slots overlap")
        if ordered:
            checked[day] = ordered
    return checked


def _slot(day: str, slot: object) -> list[str]:
    if not (
        isinstance(slot, list) and len(slot) == 2 and all(isinstance(one, str) and _TIME.match(one) for one in slot)
    ):
        raise HoursError(f"{day}: a slot is two times such as 09:00 and 17:00")
    if slot[0] >= slot[1]:
        raise HoursError(f"{day}: {slot[0]} is not before {slot[1]}")
    return [str(one) for one in slot]


def on_shift(hours: Hours, zone: ZoneInfo, now: datetime) -> bool:
    """Whether the local time falls into a slot; empty hours are always."""
    if not hours:
        return True
    local = now.astimezone(zone)
    said = f"{local:%H:%M}"
    return any(start <= said < end for start, end in hours.get(DAYS[local.weekday()], ()))


def next_change(hours: Hours, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The next moment at which a slot begins or ends; None for hours that never change."""
    if not hours:
        return None
    local = after.astimezone(zone)
    for ahead in range(8):
        day = (local + timedelta(days=ahead)).date()
        times = sorted({time for slot in hours.get(DAYS[day.weekday()], ()) for time in slot})
        for said in times:
            hour, minute = (int(part) for part in said.split(":"))
            at = datetime(day.year, day.month, day.day, hour % 24, minute, tzinfo=zone)
            at = (at + timedelta(days=1) if hour == 24 else at).astimezone(UTC)
            if at > after:
                return at
    return None
