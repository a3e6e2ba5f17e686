"""Dates as programs write them: after the standard, nearly after it, or for people in their own language (PURE)."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

LONGEST = 200
# The first letters of the months in the languages of the header words; whole numbers do the rest.
MONTHS = {
    1: "jan|ene|gen|янв|січ|oca|ledn|stycz|sij|ιαν", 2: "feb|fev|fév|fév|фев|лют|şub|únor|lut|velj|φεβ|helmi",
    3: "mar|mär|mrz|maa|мар|бер|břez|ožuj|μαρ", 4: "apr|avr|abr|апр|кві|nis|dub|kwie|trav|απρ|huhti",
    5: "may|mai|maj|mag|mei|май|мая|тра|květ|svib|μαΐ|μαι|touko", 6: "jun|juin|giu|июн|чер|haz|červn|czerw|lip|ιουν|kesä",
    7: "jul|juil|lug|июл|лип|tem|červenec|července|srp|ιουλ|heinä", 8: "aug|aoû|ago|авг|сер|ağu|sierp|kolov|αυγ|elo",
    9: "sep|set|сен|вер|eyl|září|wrze|ruj|σεπ|syys", 10: "oct|okt|ott|out|окт|жов|eki|říj|paźdz|listopad|οκτ|loka",
    11: "nov|ноя|лис|kas|studeni|νοε|marras", 12: "dec|dez|déc|dic|дек|гру|ara|prosin|grudz|δεκ|joulu",
}  # fmt: skip
MONTH = re.compile(
    "|".join(f"(?P<m{number}>(?<![^\\W\\d_])(?:{names}))" for number, names in MONTHS.items()), re.IGNORECASE
)
CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:.h](\d{2})(?:[:.](\d{2}))?\s{0,2}(?:(a|p)\.?\s?m\b)?", re.IGNORECASE)
OFFSET = re.compile(r"(?:GMT|UTC)?\s?([+-])(\d{1,2}):?(\d{2})?(?!\d)")
NUMERIC = re.compile(
    r"(?<!\d)(\d{1,4})[./-]\s?(\d{1,2})[./-]\s?(\d{2,4})(?!\d)|(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})"
)
HALF_OF_DAY = re.compile(r"\d\s?[ap]\.?\s?m\b", re.IGNORECASE)
ISO = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})[T ]?(\d{2}):?(\d{2}):?(\d{2})?(?:[.,]\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?\s*$"
)
# Names of zones that the standard does not know and mail has nevertheless, in minutes; ambiguous ones are left out.
ZONES = {
    "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "MET": 60, "MEZ": 60, "CEST": 120, "MEST": 120, "MESZ": 120, "EET": 120, "EEST": 180,
    "MSK": 180, "SAST": 120, "JST": 540, "KST": 540, "HKT": 480, "SGT": 480, "AWST": 480, "AEST": 600, "AEDT": 660, "NZST": 720,
    "NZDT": 780,
}  # fmt: skip
ZONE_NAME = re.compile(rf"\b({'|'.join(ZONES)})\b(?!\s?[+-]\d)")


def header_date(value: str) -> datetime | None:
    """The date of a header; None for what cannot be read. UTC when it names no zone."""
    value = _usual(value[:LONGEST])
    iso = ISO.match(value)
    if iso:
        return _from_iso(iso)
    if HALF_OF_DAY.search(value):
        return _moment_in_words(value)
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return _moment_in_words(value)
    if 100 <= parsed.year < 200:  # counted from 1900, as old programs do
        parsed = parsed.replace(year=parsed.year + 1900)
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def _usual(value: str) -> str:
    """The usual deviations written as the standard wants them."""
    value = re.sub(r"\([^()]{0,60}\)\s*$", "", value).strip(" \t\"'")
    value = re.sub(r"\b(?:GMT|UTC|UT)\s?([+-]\d{2}):?(\d{2})\b", r"\1\2", value)
    value = re.sub(r"([+-]\d{2}):(\d{2})\s*$", r"\1\2", value)
    value = re.sub(r"(\d{2}:\d{2}):60\b", r"\1:59", value)
    return ZONE_NAME.sub(lambda match: f"+{ZONES[match[1]] // 60:02}{ZONES[match[1]] % 60:02}", value)


def _from_iso(match: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute = (int(match[number]) for number in range(1, 6))
    zone: timezone = UTC
    if match[7] and match[7] != "Z":
        shift = timedelta(hours=int(match[7][1:3]), minutes=int(match[7][-2:]))
        zone = timezone(shift if match[7][0] == "+" else -shift) if shift < timedelta(hours=24) else zone
    try:
        return datetime(year, month, day, hour, minute, int(match[6] or 0), tzinfo=zone)
    except ValueError:
        return None


def moment(value: str) -> datetime | None:
    """A date as a mail program wrote it for people, in any of the languages; UTC when it names no offset."""
    value = value[:200]
    if HALF_OF_DAY.search(value):
        return _moment_in_words(value)  # the standard reader overlooks which half of the day it is
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return _moment_in_words(value)
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def _moment_in_words(value: str) -> datetime | None:
    clock = CLOCK.search(re.sub(NUMERIC, lambda match: " " * len(match[0]), value))
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
    if clock and clock[4]:
        hour = hour % 12 + (12 if clock[4].lower() == "p" else 0)
    day = _numeric_day(value, american=bool(clock and clock[4])) or _written_day(value)
    if day is None:
        return None
    offset = OFFSET.search(value[clock.end() :]) if clock else None
    zone = UTC
    if offset:
        shift = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        zone = timezone(shift if offset[1] == "+" else -shift) if shift < timedelta(hours=15) else UTC
    try:
        return datetime(*day, hour, minute, tzinfo=zone)
    except ValueError:
        return None


def _numeric_day(value: str, *, american: bool) -> tuple[int, int, int] | None:
    found = NUMERIC.search(value)
    if found is None:
        return None
    if found[4]:
        return int(found[4]), int(found[5]), int(found[6])
    first, second, third = (int(found[number]) for number in (1, 2, 3))
    if first > 31:
        return first, second, third
    year = third if third > 99 else 2000 + third
    return (
        (year, first, second)
        if (american and "/" in found[0] and first <= 12) or second > 12
        else (year, second, first)
    )


def _written_day(value: str) -> tuple[int, int, int] | None:
    month = MONTH.search(value)
    year = re.search(r"(?<!\d)((?:19|20)\d{2})(?!\d)", value)
    if month is None or year is None or month.lastgroup is None:
        return None
    rest = value[: year.start()] + " " + value[year.end() :]
    day = re.search(r"(?<![\d:.])(\d{1,2})(?![\d:]|\.\d)", rest)
    return (int(year[1]), int(month.lastgroup[1:]), int(day[1])) if day else None
