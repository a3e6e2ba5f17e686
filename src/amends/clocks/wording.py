"""The one sentence that says why a clock ends when it ends, in English and German. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from amends.clocks.calendar import Calendar, Skipped
from amends.clocks.rulepack import ClockRule, RulePack
from amends.clocks.rulewords import RECEIVED, Duration, End, Unit

LONGEST_LIST = 8


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language; the patterns take their parts by name."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    long_day: str
    short_day: str
    units: Mapping[Unit, tuple[str, str]]
    events: Mapping[str, str]
    other_event: str
    after: str
    at_time: str
    without: str
    conjunction: str
    more: str
    notes: Mapping[Unit, str]
    close_of_business: str
    place: str
    no_pause: str
    with_pause: str


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        long_day="{weekday} {day} {month} {year}",
        short_day="{day} {month}",
        units={
            Unit.MINUTES: ("1 minute", "{count} minutes"),
            Unit.WORKING_MINUTES: ("1 working minute", "{count} working minutes"),
            Unit.WORKING_DAYS: ("1 working day", "{count} working days"),
            Unit.CALENDAR_DAYS: ("1 calendar day", "{count} calendar days"),
            Unit.WEEKS: ("1 week (7 calendar days)", "{count} weeks ({days} calendar days)"),
            Unit.MONTHS: ("1 month", "{count} months"),
        },
        events={
            RECEIVED: "receipt on",
            "final_response_sent": "the final response was sent on",
            "reopened": "reopening on",
            "became_aware": "becoming aware on",
            "sent_to_company": "it was sent to the company on",
            "acknowledged": "the acknowledgement on",
            "escalation_requested": "escalation was asked for on",
            "information_received": "the information arrived on",
            "refund_due": "the refund fell due on",
            "objection_period_end": "the end of the time for objections on",
        },
        other_event="{event} on",
        after="{span} after {event} {start}",
        at_time="{day} at {time}",
        without="without {list}",
        conjunction=" and ",
        more="{count} more days",
        notes={
            Unit.MINUTES: "running time",
            Unit.CALENDAR_DAYS: "weekends and holidays count",
            Unit.WEEKS: "weekends and holidays count",
            Unit.MONTHS: "to the corresponding date or the end of the month",
        },
        close_of_business="until close of business ({time})",
        place="calendar {place}",
        no_pause="no pause stops this clock",
        with_pause="with its pauses",
    ),
    "de": Language(
        weekdays=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
        months=("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
        long_day="{weekday} {day}. {month} {year}",
        short_day="{day}. {month}",
        units={
            Unit.MINUTES: ("1 Minute", "{count} Minuten"),
            Unit.WORKING_MINUTES: ("1 Arbeitsminute", "{count} Arbeitsminuten"),
            Unit.WORKING_DAYS: ("1 Arbeitstag", "{count} Arbeitstage"),
            Unit.CALENDAR_DAYS: ("1 Kalendertag", "{count} Kalendertage"),
            Unit.WEEKS: ("1 Woche (7 Kalendertage)", "{count} Wochen ({days} Kalendertage)"),
            Unit.MONTHS: ("1 Monat", "{count} Monate"),
        },
        events={
            RECEIVED: "dem Eingang am",
            "final_response_sent": "der abschließenden Antwort am",
            "reopened": "der Wiedereröffnung am",
            "became_aware": "der Kenntnisnahme am",
            "sent_to_company": "der Weiterleitung an das Unternehmen am",
            "acknowledged": "der Eingangsbestätigung am",
            "escalation_requested": "dem Wunsch nach Eskalation am",
            "information_received": "dem Eintreffen der Auskunft am",
            "refund_due": "der Fälligkeit der Erstattung am",
            "objection_period_end": "dem Ende der Einspruchsfrist am",
        },
        other_event="„{event}“ am",
        after="{span} nach {event} {start}",
        at_time="{day} um {time}",
        without="ohne {list}",
        conjunction=" und ",
        more="{count} weitere Tage",
        notes={
            Unit.MINUTES: "laufende Zeit",
            Unit.CALENDAR_DAYS: "Wochenenden und Feiertage zählen mit",
            Unit.WEEKS: "Wochenenden und Feiertage zählen mit",
            Unit.MONTHS: "bis zum entsprechenden Tag oder zum Monatsende",
        },
        close_of_business="bis Geschäftsschluss ({time})",
        place="Kalender {place}",
        no_pause="diese Uhr hält keine Pause an",
        with_pause="mit ihren Pausen",
    ),
}


def explain(
    pack: RulePack,
    rule: ClockRule,
    calendar: Calendar,
    event: str,
    start: datetime,
    ends: datetime,
    language: str,
    *,
    paused: bool = False,
) -> str:
    """For example: 5 working days after receipt on Wed 1 Apr 2026, without Sat, Sun and Good Friday (3 Apr), …"""
    words = LANGUAGES[language]
    after = words.events.get(event) or words.other_event.format(event=event.replace("_", " "))
    parts = [
        words.after.format(span=span_of(rule, words), event=after, start=_start(rule, calendar, start, words)),
        words.notes.get(rule.duration.unit, ""),
        _close_of_business(rule, calendar, ends, words),
        _left_out(rule, calendar, start, ends, language),
        (words.with_pause if rule.pauses else words.no_pause) if paused else "",
        _place(rule, calendar, words),
        calendar.zone.key,
    ]
    return f"{', '.join(part for part in parts if part)}; {pack.label}"


def span_of(rule: ClockRule, words: Language) -> str:
    """The length of the clock: "5 working days", "8 weeks (56 calendar days)"."""
    return span_words(rule.duration, words)


def span_words(span: Duration, words: Language) -> str:
    """A number with its unit."""
    one, many = words.units[span.unit]
    return one if span.count == 1 else many.format(count=span.count, days=span.count * 7)


def _start(rule: ClockRule, calendar: Calendar, start: datetime, words: Language) -> str:
    local = start.astimezone(calendar.zone)
    day = _long_day(local.date(), words)
    return words.at_time.format(day=day, time=f"{local:%H:%M:%S}") if rule.end is End.INSTANT else day


def _close_of_business(rule: ClockRule, calendar: Calendar, ends: datetime, words: Language) -> str:
    if rule.end is not End.CLOSE_OF_BUSINESS:
        return ""
    return words.close_of_business.format(time=f"{ends.astimezone(calendar.zone):%H:%M}")


def _left_out(rule: ClockRule, calendar: Calendar, start: datetime, ends: datetime, language: str) -> str:
    if rule.duration.unit not in (Unit.WORKING_DAYS, Unit.WORKING_MINUTES):
        return ""
    words = LANGUAGES[language]
    skipped = calendar.skipped_between(calendar.local_day(start), calendar.local_day(ends), language)
    names = _weekday_names(skipped, words) + [
        f"{day.name} ({_short_day(day.day, words)})" for day in skipped if day.name is not None
    ]
    if len(names) > LONGEST_LIST:
        names = [*names[: LONGEST_LIST - 1], words.more.format(count=len(names) - LONGEST_LIST + 1)]
    if not names:
        return ""
    listed = words.conjunction.join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
    return words.without.format(list=listed)


def _weekday_names(skipped: list[Skipped], words: Language) -> list[str]:
    return [words.weekdays[number] for number in sorted({day.day.weekday() for day in skipped if day.name is None})]


def _place(rule: ClockRule, calendar: Calendar, words: Language) -> str:
    if calendar.country is None or rule.duration.unit not in (Unit.WORKING_DAYS, Unit.WORKING_MINUTES):
        return ""
    return words.place.format(place="-".join(filter(None, (calendar.country, calendar.subdivision))))


def _long_day(day: date, words: Language) -> str:
    return words.long_day.format(
        weekday=words.weekdays[day.weekday()], day=day.day, month=words.months[day.month - 1], year=day.year
    )


def _short_day(day: date, words: Language) -> str:
    return words.short_day.format(day=day.day, month=words.months[day.month - 1])
