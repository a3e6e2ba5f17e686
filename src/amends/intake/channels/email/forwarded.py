"""The message that somebody forwards: its author, date, subject and words, so that the author can be offered as the
person who complains. Attached whole (message/rfc822) or copied into the text below a title or header block.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from amends.intake.channels.email import headers, reply_text, words
from amends.intake.channels.email.model import Address, Original

MAX_TITLE_LINES = 4000
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


def inline(text: str, *, announced: bool) -> Original | None:
    """The message copied into `text`; `announced` says that the subject calls the mail a forwarded one."""
    lines = text.translate(reply_text.MARKS).split("\n")[:MAX_TITLE_LINES]
    for index, line in enumerate(lines):
        if words.FORWARD.match(line[:400]):
            found = _read_block(_unquoted(lines[index + 1 :]))
            if found is not None:
                return found
        elif announced and (words.SEPARATOR.match(line[:400]) or reply_text.header_block(lines, index)):
            after = index if reply_text.header_block(lines, index) else index + 1
            return _read_block(_unquoted(lines[after:]))
    return None


def _unquoted(lines: list[str]) -> list[str]:
    """Without one level of "> ", when the forwarded message is marked like a quotation."""
    start = reply_text.next_written(lines, 0)
    if start < len(lines) and lines[start].lstrip().startswith(">"):
        return [re.sub(r"^\s{0,3}> ?", "", line) for line in lines[start:]]
    return lines[start:]


def _read_block(lines: list[str]) -> Original | None:
    length = reply_text.header_block(lines, 0)
    if not length:
        return None
    fields: dict[str, str] = {}
    last = ""
    for line in lines[:length]:
        match = words.HEADER_LINE.match(line[: reply_text.LONGEST_BLOCK_LINE])
        if match:
            kinds = words.header_kinds()[re.sub(r"\s+", " ", match["name"].lower())]
            last = next(
                (kind for kind in ("sender", "sent", "subject", "to", "other") if kind in kinds and kind not in fields),
                "other",
            )
            fields.setdefault(last, match["value"].strip(" \t*_"))
        elif last and line.strip():
            fields[last] += " " + line.strip()
    author = _person(fields.get("sender", ""))
    if author is None:
        return None
    return Original(
        from_=author,
        to=headers.addresses(_plain(fields.get("to", "")), [], "To")[:50],
        date=moment(fields.get("sent", "")),
        subject=fields.get("subject", "")[:2000],
        message_id=None,
        text=reply_text.reply_text("\n".join(lines[length:]).strip("\n")),
        attached=False,
    )


def _plain(value: str) -> bytes:
    value = re.sub(r"\[mailto:([^\]\s]{3,300})\]", r"<\1>", value)
    value = re.sub(r"<mailto:([^>\s]{3,300})>", r"<\1>", value)
    # Outlook and Apple write the address twice: "a@b.example<mailto:a@b.example>" or "<a@b.example <a@b.example>>".
    return re.sub(r"(\S+@\S+?)\s?<\1>", r"\1", value).encode("utf-8", "replace")


def _person(value: str) -> Address | None:
    found = headers.addresses(_plain(value), [], "From")
    if found:
        return found[0]
    return Address(value[:300], "") if value.strip() else None


def moment(value: str) -> datetime | None:
    """A date as a mail program wrote it for people, in any of the languages; UTC when it names no offset."""
    value = value[:200]
    if re.search(r"\d\s?[ap]\.?\s?m\b", value, re.IGNORECASE):
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
