"""When is what due? The only place that turns a rule and a start into a date.

Pure: the pack and the start go in, the dates come out with their reasons. Day 0 of a clock in days is the
local date of its start, whatever the offset of the stamp; day 1 is the next day (for working days, the next
working day). Ends in calendar days, weeks and months are not moved off a weekend or holiday, and there is no
hour after which a complaint counts as received on the next day.
"""

from calendar import monthrange
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from amends.clocks.calendar import Calendar
from amends.clocks.pauses import Pause, day_after_pauses, instant_after_pauses, pauses_in
from amends.clocks.public_holidays import checked_place
from amends.clocks.rulepack import ClockRule, RulePack
from amends.clocks.rulewords import RECEIVED, Certainty, Duration, End, Missed, Unit
from amends.clocks.wording import LANGUAGES, explain
from amends.clocks.zones import zone_named

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2150, 1, 1, tzinfo=UTC)
NO_CLOSURES: Mapping[date, str] = MappingProxyType({})


class StartError(ValueError):
    """The start cannot be counted from; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Due:
    """One deadline with its reason. All instants are in UTC; `zone` is the one in which it was counted."""

    kind: str
    part: str
    titles: Mapping[str, str]
    start: datetime
    due: datetime
    warnings: tuple[datetime, ...]
    whys: Mapping[str, str]
    source: str
    certainty: Certainty
    stops: tuple[str, ...]
    missed: Missed
    end: End
    zone: str

    @property
    def name(self) -> str:
        """The kind, or `kind/part` for a clock of one part of a complaint."""
        return f"{self.kind}/{self.part}" if self.part else self.kind

    @property
    def why(self) -> str:
        """One English sentence: rule, start, days left out, calendar, zone; pack and version."""
        return self.whys["en"]

    @property
    def warn_at(self) -> datetime | None:
        """The first warning, if the clock has one."""
        return self.warnings[0] if self.warnings else None

    @property
    def local(self) -> datetime:
        """`due` on the wall of the case's zone, to the second."""
        return self.due.astimezone(zone_named(self.zone))


def due(
    pack: RulePack,
    *,
    received: datetime,
    timezone: str | None = None,
    country: str | None = None,
    subdivision: str | None = None,
    context: Mapping[str, object] | None = None,
    closures: Mapping[date, str] = NO_CLOSURES,
) -> list[Due]:
    """Every clock of the pack that starts at this event, in the order of the pack.

    `received` is an aware datetime: the receipt, or the event named by `context["event"]`. `timezone` is an
    IANA name, `country` an ISO 3166-1 code, `subdivision` an ISO 3166-2 suffix; the pack's own are taken for
    what is missing. `closures` are the organisation's own closed days beside those in the pack.
    Raises ValueError (StartError, UnknownZoneError, UnknownPlaceError, CalendarError) saying what is wrong.
    """
    facts = context or {}
    calendar = calendar_for(pack, timezone=timezone, country=country, subdivision=subdivision, closures=closures)
    start = _checked_start(received)
    event = facts.get("event") or RECEIVED
    day = calendar.local_day(start)
    # A regime without a stop-clock need not understand what is said of one.
    pauses = pauses_in(facts.get("pause"), calendar) if any(rule.pauses for rule in pack.clocks) else ()
    paused = bool(facts.get("pause"))
    return [
        _reckon(
            pack,
            rule,
            calendar,
            _start_of(rule, facts, calendar, start),
            str(rule.counts_from or event),
            pauses,
            paused,
        )
        for rule in pack.clocks
        if event in rule.start and _in_force(rule, day) and rule.when.holds(facts) and _has_day_zero(rule, facts)
    ]


def calendar_for(
    pack: RulePack,
    *,
    timezone: str | None,
    country: str | None,
    subdivision: str | None,
    closures: Mapping[date, str] = NO_CLOSURES,
) -> Calendar:
    """The calendar by which the pack counts for a complaint from this place.

    Raises UnknownZoneError or UnknownPlaceError.
    """
    rule = pack.calendar
    wanted = subdivision if rule.parts == "counted" else None
    asked, part = checked_place(country or next(iter(rule.countries), None), wanted)
    if rule.countries and asked not in rule.countries:
        # The regime's own calendar counts, wherever the customer lives.
        asked, part = rule.countries[0], None
    if rule.own_part is not None:
        asked, part = checked_place(asked, rule.own_part)
    return Calendar(
        zone=zone_named(timezone or rule.timezone),
        week=rule.week,
        country=asked,
        subdivision=part,
        closures={**rule.closed_days, **closures},
    )


def _has_day_zero(rule: ClockRule, facts: Mapping[str, object]) -> bool:
    return rule.counts_from is None or facts.get(rule.counts_from) not in (None, "", False)


def _start_of(rule: ClockRule, facts: Mapping[str, object], calendar: Calendar, start: datetime) -> datetime:
    """The start of the event, or of the day in the context from which the rule counts."""
    if rule.counts_from is None:
        return start
    return _checked_start(_moment(rule.counts_from, facts[rule.counts_from], calendar))


def _moment(name: str, written: object, calendar: Calendar) -> datetime:
    """A date (its first instant in the calendar's zone) or a stamp; one without an offset is on the wall there."""
    stamp: datetime | None = None
    if isinstance(written, datetime):
        stamp = written
    elif isinstance(written, date):
        stamp = datetime.combine(written, time.min)
    elif isinstance(written, str):
        with suppress(ValueError):
            stamp = datetime.fromisoformat(written)
    if stamp is None:
        raise StartError(
            f'"{name}" in the context is {str(written)[:40]!r}, which is no date; write one such as 2026-03-02'
        )
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=calendar.zone)


def _checked_start(received: datetime) -> datetime:
    if received.tzinfo is None:
        raise StartError("the start needs an offset, such as 2026-03-02T09:30:00+00:00")
    if not countable(received):
        raise StartError(f"the start lies outside the years {EARLIEST.year} to {LATEST.year - 1}")
    return received.astimezone(UTC)


def countable(start: datetime) -> bool:
    """Whether an aware start lies within the years for which there are calendars."""
    return EARLIEST <= start < LATEST


def _in_force(rule: ClockRule, day: date) -> bool:
    return (rule.starts_from is None or rule.starts_from <= day) and (
        rule.starts_until is None or day <= rule.starts_until
    )


def _reckon(
    pack: RulePack,
    rule: ClockRule,
    calendar: Calendar,
    start: datetime,
    event: str,
    pauses: tuple[Pause, ...],
    paused: bool,
) -> Due:
    ends = _end_of(rule, calendar, start, pauses)
    return Due(
        kind=rule.kind,
        part=rule.part,
        titles=rule.title.by_language,
        start=start,
        due=ends,
        warnings=_warnings(rule, calendar, start, ends),
        whys={
            language: explain(pack, rule, calendar, event, start, ends, language, paused=paused)
            for language in LANGUAGES
        },
        source=rule.source.citation,
        certainty=rule.certainty,
        stops=rule.stops,
        missed=rule.missed,
        end=rule.end,
        zone=calendar.zone.key,
    )


def _end_of(rule: ClockRule, calendar: Calendar, start: datetime, pauses: tuple[Pause, ...]) -> datetime:
    """The end with what pauses add, where the rule allows them."""
    unit, day_zero = rule.duration.unit, calendar.local_day(start)
    last_day = _last_day(rule.duration, calendar, day_zero)
    if last_day is None:
        return instant_after_pauses(pauses, rule.pauses, calendar, unit, start, _instant_after(rule, calendar, start))
    first = day_zero + timedelta(days=1)
    return _ending(rule.end, calendar, day_after_pauses(pauses, rule.pauses, calendar, unit, first, last_day))


def _last_day(duration: Duration, calendar: Calendar, day_zero: date) -> date | None:
    """The last local day of a span in days; None for running time."""
    match duration.unit:
        case Unit.WORKING_DAYS:
            return calendar.add_working_days(day_zero, duration.count)
        case Unit.CALENDAR_DAYS:
            return day_zero + timedelta(days=duration.count)
        case Unit.WEEKS:
            return day_zero + timedelta(weeks=duration.count)
        case Unit.MONTHS:
            return add_months(day_zero, duration.count)
        case _:
            return None


def _instant_after(rule: ClockRule, calendar: Calendar, start: datetime) -> datetime:
    if rule.duration.unit is Unit.WORKING_MINUTES:
        return calendar.add_working_minutes(start, rule.duration.count)
    return start + timedelta(minutes=rule.duration.count)


def _ending(end: End, calendar: Calendar, day: date) -> datetime:
    return calendar.close_of_business(day) if end is End.CLOSE_OF_BUSINESS else calendar.end_of_day(day)


def add_months(day: date, months: int) -> date:
    """The corresponding date that many months later, or the last day of a month that has none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _warnings(rule: ClockRule, calendar: Calendar, start: datetime, ends: datetime) -> tuple[datetime, ...]:
    """When to warn, earliest first; a warning that would lie before the start is due at the start."""
    moments = {max(start, _before(span, rule, calendar, ends)) for span in rule.warn_before}
    moments |= {start + (ends - start) * percent / 100 for percent in rule.warn_at}
    return tuple(sorted(moment for moment in moments if moment < ends))


def _before(span: Duration, rule: ClockRule, calendar: Calendar, ends: datetime) -> datetime:
    day = calendar.local_day(ends)
    match span.unit:
        case Unit.WORKING_DAYS:
            return _ending(rule.end, calendar, calendar.add_working_days(day, -span.count))
        case Unit.CALENDAR_DAYS:
            return _ending(rule.end, calendar, day - timedelta(days=span.count))
        case _:
            return ends - timedelta(minutes=span.count)
