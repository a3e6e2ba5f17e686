"""An invitation in words, for a mail that has no others (RFC 5545 through the library icalendar)."""

from datetime import date, datetime
from typing import Any

from icalendar import Calendar
from icalendar.error import BrokenCalendarProperty

from amends.intake.channels.email.charsets import clean

MAX_BYTES = 256 * 1024
MAX_EVENTS = 5
TITLES = {
    "REQUEST": "Invitation",
    "CANCEL": "Cancelled",
    "REPLY": "Answer to an invitation",
    "COUNTER": "Other time proposed",
}


def in_words(data: bytes) -> str | None:
    """Title, time, place, organiser and description of the first events; None when the data cannot be read."""
    if len(data) > MAX_BYTES:
        return None
    try:
        return _in_words(data)
    except (
        BrokenCalendarProperty,
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ):
        return None  # the file stays an attachment, and the caller says so


def _in_words(data: bytes) -> str | None:
    calendar = Calendar.from_ical(data)
    title = TITLES.get(_plain(calendar.get("METHOD")).upper(), "Calendar entry")
    events = [part for part in calendar.walk() if part.name in {"VEVENT", "VTODO"}][:MAX_EVENTS]
    return "\n\n".join(_event(title, event) for event in events) or None


def _event(title: str, event: Any) -> str:
    lines = [f"{title}: {_plain(event.get('SUMMARY')) or '-'}"]
    start, end = _moment(event.get("DTSTART")), _moment(event.get("DTEND"))
    if start:
        lines.append(f"{start} – {end}" if end else start)
    place, organiser = _plain(event.get("LOCATION")), _plain(event.get("ORGANIZER"))
    lines += [line for line in (place, organiser.removeprefix("mailto:").removeprefix("MAILTO:")) if line]
    description = _plain(event.get("DESCRIPTION"))
    return "\n".join([*lines, "", description] if description else lines)


def _plain(value: Any) -> str:
    return clean(str(value)).strip()[:20_000] if value is not None and not isinstance(value, list) else ""


def _moment(value: Any) -> str:
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime):
        zone = f" {moment.tzname()}" if moment.tzinfo is not None and moment.tzname() else ""
        return f"{moment:%Y-%m-%d %H:%M}{zone}"
    return f"{moment:%Y-%m-%d}" if isinstance(moment, date) else ""
