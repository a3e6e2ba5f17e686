"""Working days and working minutes of one place: slots, public holidays, own closures, time zone.

Pure. Instants are aware datetimes and come back in UTC; days are the local days of the calendar's zone.
A working minute is a minute that really passes inside a slot, so a slot over the night of the change to
summer time is an hour shorter and no deadline is moved by the change itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from types import MappingProxyType
from zoneinfo import ZoneInfo

from amends.clocks.public_holidays import holidays_of_year

ONE_DAY = timedelta(days=1)
END_OF_DAY = time.max
# A year and a half without one working day is a mistake in the calendar, not a calendar.
LONGEST_CLOSURE_IN_DAYS = 550


class CalendarError(ValueError):
    """The calendar cannot be counted on: it has no working day within reach, or its slots overlap."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of work within one day; `end` may be `END_OF_DAY` for midnight."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise CalendarError(f"a slot must end after it starts, not {self.start:%H:%M}-{self.end:%H:%M}")


Week = tuple[tuple[Slot, ...], ...]
"""Seven entries, Monday first; an empty one is a day without work."""


def checked_week(week: Week) -> Week:
    """The week with each day's slots in order. Raises CalendarError for overlaps or a week without work."""
    ordered = tuple(tuple(sorted(slots, key=lambda slot: slot.start)) for slots in week)
    if len(ordered) != 7 or not any(ordered):
        raise CalendarError("a week needs at least one working slot")
    for slots in ordered:
        for earlier, later in pairwise(slots):
            if later.start < earlier.end:
                raise CalendarError(f"the slots starting {earlier.start:%H:%M} and {later.start:%H:%M} overlap")
    return ordered


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day that did not count: a holiday or closure has a name, a weekday on which nobody works has none."""

    day: date
    name: str | None


@dataclass(frozen=True)
class Calendar:
    """The calendar by which one clock counts."""

    zone: ZoneInfo
    week: Week
    country: str | None = None
    subdivision: str | None = None
    closures: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))

    def local_day(self, instant: datetime) -> date:
        """The date on the wall of this place at the instant, whatever the offset of its stamp."""
        return instant.astimezone(self.zone).date()

    def holiday(self, day: date, language: str = "en") -> str | None:
        """The name of the closure or public holiday on that day, if there is one."""
        closure = self.closures.get(day)
        return closure or holidays_of_year(self.country, self.subdivision, day.year, language).get(day)

    def is_working_day(self, day: date) -> bool:
        return bool(self.week[day.weekday()]) and self.holiday(day) is None

    def add_working_days(self, day: date, count: int) -> date:
        """The count-th working day after `day`; `day` itself is day 0 even when it is one."""
        step = ONE_DAY if count >= 0 else -ONE_DAY
        for _ in range(abs(count)):
            day = self._next_working_day(day + step, step)
        return day

    def skipped_between(self, start: date, end: date, language: str = "en") -> list[Skipped]:
        """The days after `start` and before `end` that are no working days."""
        days = (start + timedelta(days=number) for number in range(1, (end - start).days))
        return [
            Skipped(day, self.holiday(day, language) if self.week[day.weekday()] else None)
            for day in days
            if not self.is_working_day(day)
        ]

    def end_of_day(self, day: date) -> datetime:
        """The last second of the local day (23:59:59 there), in UTC."""
        return self._instant(day + ONE_DAY, time.min) - timedelta(seconds=1)

    def close_of_business(self, day: date) -> datetime:
        """The end of the day's last slot, in UTC; of a day without work, the end of the day."""
        slots = self.week[day.weekday()]
        if not slots or slots[-1].end == END_OF_DAY:
            return self.end_of_day(day)
        return self._instant(day, slots[-1].end)

    def add_working_minutes(self, start: datetime, minutes: int) -> datetime:
        """The instant at which that many minutes inside slots have passed since `start`."""
        return self.add_working_time(start, timedelta(minutes=minutes))

    def add_working_time(self, start: datetime, left: timedelta) -> datetime:
        """The instant at which that much time inside slots has passed since `start`."""
        for opens, closes in self._slots_from(start):
            begins = max(opens, start)
            if begins + left <= closes:
                return begins + left
            left -= max(closes - begins, timedelta())
        raise AssertionError("the slots of a calendar do not end")

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """How much time inside slots lies between two instants (zero when they are the wrong way round)."""
        total = timedelta()
        for opens, closes in self._slots_from(start):
            if opens >= end:
                break
            total += max(min(closes, end) - max(opens, start), timedelta())
        return total

    def _next_working_day(self, day: date, step: timedelta) -> date:
        for _ in range(LONGEST_CLOSURE_IN_DAYS):
            if self.is_working_day(day):
                return day
            day += step
        raise CalendarError(f"there is no working day within {LONGEST_CLOSURE_IN_DAYS} days of {day.isoformat()}")

    def _slots_from(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Every slot from the local day of `start` on, as two instants in UTC, without end."""
        day = self.local_day(start)
        while True:
            day = self._next_working_day(day, ONE_DAY)
            for slot in self.week[day.weekday()]:
                at_midnight = slot.end == END_OF_DAY
                closes = self._instant(day + ONE_DAY, time.min) if at_midnight else self._instant(day, slot.end)
                yield self._instant(day, slot.start), closes
            day += ONE_DAY

    def _instant(self, day: date, wall: time) -> datetime:
        # fold=0: of a doubled hour the first one, and a time that the change skips is as far past the
        # change as it was past the last existing minute; midnight itself becomes the instant of the change.
        return datetime.combine(day, wall, tzinfo=self.zone).astimezone(UTC)
