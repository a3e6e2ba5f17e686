"""A clock that stands still: how much later it ends. Pure.

A pause from one day to another leaves out the days from the first up to, but not including, the last one: on the day on
which the clock goes on it counts again. Most regimes know no pause; a rule names the reasons for which its clock may
stand still, and any other pause changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from amends.clocks.calendar import Calendar
from amends.clocks.rulewords import Unit

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a clock stood still; aware datetimes, `since` before `until`."""

    since: datetime
    until: datetime
    reason: str


class PauseError(ValueError):
    """What was written is no pause; the message says what to write."""


def pauses_in(written: object, calendar: Calendar) -> tuple[Pause, ...]:
    """The pauses in a context: one `{from, to, reason}` or a list of them, earliest first.

    Raises PauseError.
    """
    if not written:
        return ()
    listed = written if isinstance(written, list | tuple) else [written]
    return tuple(sorted((_pause(one, calendar) for one in listed), key=lambda pause: pause.since))


def _pause(written: object, calendar: Calendar) -> Pause:
    if not isinstance(written, Mapping):
        raise PauseError('"pause" in the context is no object; write {"from": …, "to": …, "reason": …}')
    since, until = _stamp(written, "from", calendar), _stamp(written, "to", calendar)
    if until < since:
        raise PauseError('"pause" in the context ends before it begins')
    return Pause(since, until, str(written.get("reason") or ""))


def _stamp(written: Mapping[object, object], name: str, calendar: Calendar) -> datetime:
    found = written.get(name)
    try:
        stamp = datetime.fromisoformat(str(found))
    except ValueError:
        raise PauseError(
            f'"pause.{name}" in the context is {str(found)[:40]!r}, which is no date; write one such as 2026-03-02'
        ) from None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=calendar.zone)


def day_after_pauses(
    pauses: Iterable[Pause], reasons: tuple[str, ...], calendar: Calendar, unit: Unit, first: date, last: date
) -> date:
    """The last day of a span in days whose days `first`… `last` would have counted without the pauses."""
    for pause in pauses:
        begins, ends = max(calendar.local_day(pause.since), first), calendar.local_day(pause.until)
        if pause.reason not in reasons or begins > last:
            continue
        first = max(first, ends)  # a day on which two pauses lie is left out once
        days = [begins + timedelta(days=number) for number in range(max((ends - begins).days, 0))]
        if unit is Unit.WORKING_DAYS:
            last = calendar.add_working_days(last, sum(calendar.is_working_day(day) for day in days))
        else:
            last += timedelta(days=len(days))
    return last


def instant_after_pauses(
    pauses: Iterable[Pause], reasons: tuple[str, ...], calendar: Calendar, unit: Unit, start: datetime, end: datetime
) -> datetime:
    """The end of a span in running time that would have ended at `end` without the pauses."""
    for pause in pauses:
        begins = max(pause.since, start)
        if pause.reason not in reasons or begins >= end or pause.until <= begins:
            continue
        start = pause.until  # a minute in which two pauses lie is left out once
        if unit is Unit.WORKING_MINUTES:
            left = calendar.working_time_between(begins, end)
            end = calendar.add_working_time(start, left)
        else:
            end += pause.until - begins
    return end
