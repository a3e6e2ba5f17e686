"""A mapping proposed from the names of the columns and some of their values (PURE but for the word list)."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from amends.intake.channels.imports.mapping import DATES, FieldRule, ImportMapping

WORDS = Path(__file__).parent / "words.toml"
MANY = 30
"""A column with more different values than this is no list of states."""
_DATES = (
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%m-%y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S")
FORMATS = tuple(f"{date}{time}" for date in _DATES for time in _TIMES)


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    version: int
    columns: dict[str, tuple[str, ...]]
    phases: dict[str, tuple[str, ...]]
    channels: dict[str, tuple[str, ...]]


@cache
def _words() -> _Words:
    return _Words.model_validate(tomllib.loads(WORDS.read_text(encoding="utf-8")))


def plain(name: str) -> str:
    """A name for comparison: lower case, letters and digits only, accents dropped, single spaces."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("ß", "ss")
    flat = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", " ", flat).strip()


def guess(columns: Sequence[str], sample: Sequence[Mapping[str, str]], *, name: str, timezone: str) -> ImportMapping:
    """A mapping for a table with these columns; what is not recognised becomes an attribute.

    `sample` are some of its rows: dates' forms and the words for states are read from them. Nothing recognised gives the
    longest column as the text.
    """
    found = _columns_for(columns)
    key = found.pop("key", "")
    fields = {field: _rule(field, column, sample) for field, column in found.items()}
    if not {"subject", "text"} & set(fields) and (longest := _longest(columns, sample, {key, *found.values()})):
        fields["text"] = FieldRule(column=longest)
    if "phase" in fields and "outcome_reason" not in fields:
        fields["outcome_reason"] = FieldRule(column=fields["phase"].column, prefix="Status: ")
    used = {key} | {rule.column for rule in fields.values()}
    return ImportMapping(
        name=name,
        key=key if _is_key(key, sample) else "",
        timezone=timezone,
        unknown_units="default",
        fields=fields,
        attributes={column[:100]: FieldRule(column=column) for column in columns if column and column not in used},
    )


def _columns_for(columns: Sequence[str]) -> dict[str, str]:
    """The best column for each field; no column serves twice, and the surest pairs are made first."""
    by_plain: dict[str, str] = {}
    for column in columns:
        by_plain.setdefault(plain(column), column)
    pairs = sorted(
        (rank, field, by_plain[word])
        for field, words in _words().columns.items()
        for rank, word in enumerate((plain(field), *words))
        if word in by_plain
    )
    found: dict[str, str] = {}
    for _, field, column in pairs:
        if field not in found and column not in found.values():
            found[field] = column
    return found


def _rule(field: str, column: str, sample: Sequence[Mapping[str, str]]) -> FieldRule:
    values = [text for row in sample if (text := (row.get(column) or "").strip())]
    if field in DATES:
        return FieldRule(column=column, formats=tuple(formats_of(values)[:1]))
    if field == "phase":
        return _translated(column, values, _words().phases, "investigating")
    if field == "channel":
        return _translated(column, values, _words().channels, "import")
    if field == "outcome":
        return FieldRule(column=column, otherwise="resolved_informally", values={one: one for one in _OUTCOMES})
    return FieldRule(column=column)


_OUTCOMES = ("upheld", "partly_upheld", "not_upheld", "resolved_informally")


def _translated(column: str, values: Iterable[str], words: Mapping[str, Sequence[str]], otherwise: str) -> FieldRule:
    """The values of a column, each with what it means; what is unknown means `otherwise`."""
    known = {word: meaning for meaning, some in words.items() for word in (plain(meaning), *some)}
    different = list(dict.fromkeys(values))[:MANY]
    return FieldRule(
        column=column, values={one: known.get(plain(one), otherwise) for one in different}, otherwise=otherwise
    )


def formats_of(values: Sequence[str]) -> list[str]:
    """The forms that most of these dates fit, day before month first; empty when ISO 8601 does as well, or none fits half of them.

    More than one means that the values do not say whether the day or the month comes first.
    """
    fitting = {form: sum(_fits(text, form) for text in values) for form in FORMATS}
    best = max(fitting.values(), default=0)
    if best * 2 <= len(values) or best <= sum(map(_is_iso, values)):
        return []
    return [form for form, count in fitting.items() if count == best]


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  # only its form is asked
    except ValueError:
        return False
    return True


def _is_key(column: str, sample: Sequence[Mapping[str, str]]) -> bool:
    """A key is there in every row, and different in each."""
    values = [(row.get(column) or "").strip() for row in sample]
    return bool(column) and all(values) and len(set(values)) == len(values)


def _longest(columns: Sequence[str], sample: Sequence[Mapping[str, str]], used: set[str]) -> str:
    free = [column for column in columns if column not in used]
    return max(free, key=lambda column: sum(len(row.get(column) or "") for row in sample), default="")


def guess_format(kind: str, columns: Sequence[str], first: Mapping[str, object]) -> str:
    """The format that this file most likely has: by its kind, its columns, and the names in its first object."""
    if kind in ("csv", "xlsx"):
        return "cfpb" if {"Complaint ID", "Date received", "Company response"} <= set(columns) else kind
    names = set(first)
    if (
        kind == "xml"
        or {"helpdesk_ticket"} & names
        or {"conversations", "requester_id"} <= names
        or "description_text" in names
    ):
        return "freshdesk"
    if {"articles", "assets", "article_count"} & names or {"state_id", "title"} <= names:
        return "zammad"
    if {"via", "comments", "requester_id", "satisfaction_rating", "raw_subject"} & names and "complainant" not in names:
        return "zendesk"
    return "jsonl"
