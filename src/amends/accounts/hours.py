"""Weekly working hours of a unit, team or person (PURE, but for the language of its refusals)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$")
_WRITTEN = re.compile(r"^(\d{1,2})(?:[:.](\d{2}))?$", re.ASCII)
MAX_SLOTS = 6
Hours = Mapping[str, Sequence[Sequence[str]]]


class HoursError(ValueError):
    """The hours cannot be used; the message says which day and why.

    Attributes:
        day: the day that is wrong, empty when it is none.
    """

    def __init__(self, message: str, day: str = "") -> None:
        super().__init__(message)
        self.day = day


def day_names() -> dict[str, str]:
    """Each day for people."""
    return {day: str(WEEKDAYS[number]) for number, day in enumerate(DAYS)}


def check_hours(given: object) -> dict[str, list[list[str]]]:
    """The hours with each day's slots in order; empty is always.

    Raises:
        HoursError: a day, a time or an order is wrong.
    """
    if not isinstance(given, dict):
        raise HoursError(_("Hours are written as %(example)s.") % {"example": '{"mon": [["09:00", "17:00"]]}'})
    checked: dict[str, list[list[str]]] = {}
    for day, slots in given.items():
        if day not in DAYS:
            raise HoursError(
                _("%(word)s is no day: choose from %(days)s.") % {"word": repr(str(day)[:20]), "days": ", ".join(DAYS)}
            )
        if not isinstance(slots, list) or len(slots) > MAX_SLOTS:
            raise _wrong(day, _("write at most %(number)s slots, each from and until") % {"number": MAX_SLOTS})
        ordered = sorted(_slot(day, one) for one in slots)
        if any(before[1] > after[0] for before, after in itertools.pairwise(ordered)):
            raise _wrong(day, _("two slots overlap"))
        if ordered:
            checked[day] = ordered
    return checked


def _wrong(day: str, why: str) -> HoursError:
    return HoursError(f"{day_names()[day]}: {why}", day)


def _slot(day: str, slot: object) -> list[str]:
    if not (
        isinstance(slot, list) and len(slot) == 2 and all(isinstance(one, str) and _TIME.match(one) for one in slot)
    ):
        raise _wrong(day, _("a slot is two times such as 09:00 and 17:00"))
    if slot[0] >= slot[1]:
        raise _wrong(
            day, _("%(start)s is not before %(end)s; a night is two slots, until 24:00 and from 00:00")
            % {"start": slot[0], "end": slot[1]}
        )  # fmt: skip
    return [str(one) for one in slot]


def read_day(day: str, written: str) -> list[list[str]]:
    """The slots of a day as a person writes them: `9-12, 13:00-17:00`; nothing is a day without work.

    Raises:
        HoursError: it cannot be understood.
    """
    slots = []
    for part in re.split(r"[,;]", written):
        if not part.strip():
            continue
        ends = [one.strip() for one in re.split(r"[-–—]", part)]
        found = [match for match in map(_WRITTEN.match, ends) if match]
        if len(ends) != 2 or len(found) != 2:
            raise _wrong(day, _("write the hours such as 09:00-12:00, 13:00-17:00"))
        slots.append([f"{int(one[1]):02}:{one[2] or '00'}" for one in found])
    return check_hours({day: slots}).get(day, [])


def written_day(slots: Sequence[Sequence[str]]) -> str:
    """The slots of a day as a person would write them."""
    return ", ".join(f"{start}–{end}" for start, end in slots)


def hours_words(hours: Hours) -> str:
    """The week in one line, equal days together: "Mon–Fri 09:00–17:00"; empty hours say nothing."""
    names = {day: str(WEEKDAYS_ABBR[number]) for number, day in enumerate(DAYS)}
    groups = [(key, list(days)) for key, days in itertools.groupby(DAYS, lambda day: written_day(hours.get(day, ())))]
    return " · ".join(
        f"{names[days[0]]}{f'–{names[days[-1]]}' if len(days) > 1 else ''} {key}" for key, days in groups if key
    )


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


def next_start(hours: Hours, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The next moment after `after` at which work begins; None for hours that never change."""
    moment = next_change(hours, zone, after)
    for _step in range(2 * MAX_SLOTS):
        if moment is None or on_shift(hours, zone, moment):
            return moment
        moment = next_change(hours, zone, moment)
    return None
