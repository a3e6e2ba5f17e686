"""What a file that somebody gave most likely is, and what its first rows would become (PURE but for the file)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from amends.cases.public import PastComplaint, check_many
from amends.core.errors import AmendsError, BadInput
from amends.intake.channels.imports.documents import json_items, xml_items
from amends.intake.channels.imports.guess import formats_of, guess, guess_format
from amends.intake.channels.imports.helpdesks import freshdesk
from amends.intake.channels.imports.helpdesks.reading import HELPDESKS, TICKETS
from amends.intake.channels.imports.mapping import DATES, ImportMapping, built_in
from amends.intake.channels.imports.opening import Opened, open_file, rows_of
from amends.intake.channels.imports.reading import Line, json_lines
from amends.intake.channels.imports.rows import Units
from amends.intake.channels.imports.sniffing import Sniffed, sniff

SHOWN = 20
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Proposal:
    """A format, and a mapping where the format has one."""

    format: str
    mapping: ImportMapping | None


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of a preview: what it becomes, or why it is refused."""

    line: Line
    item: PastComplaint | None
    known: bool = False
    problem: str = ""
    field: str = ""


def propose(path: Path, form: str, units: Units, *, timezone: str) -> Proposal:
    """Format (when none is given) and mapping of a file.

    Raises:
        BadInput: the file cannot be used, or not as this format.
    """
    sniffed = sniff(path)
    if not form:
        form = _format_of(path, sniffed)
    if form == "jsonl":
        open_file(path, form, None, units)
        return Proposal(form, None)
    if form == "cfpb" or form in HELPDESKS:
        open_file(path, form, None, units)
        return Proposal(form, built_in(form))
    columns, lines = rows_of(path, form, None)
    if set(built_in("fcc").columns) <= set(columns):
        return Proposal(form, built_in("fcc"))
    sample = [
        {name: str(value) for name, value in line.values.items()}
        for line in islice(lines(0), SAMPLE)
        if not line.problem
    ]
    return Proposal(form, guess(columns, sample, name=_name_of(path), timezone=timezone))


def _name_of(path: Path) -> str:
    """A mapping's name out of a file's."""
    kept = "".join(one if one.isalnum() or one in " _-" else " " for one in path.stem)
    return " ".join(kept.split())[:60] or "table"


def _format_of(path: Path, sniffed: Sniffed) -> str:
    if sniffed.kind in ("csv", "xlsx"):
        return guess_format(sniffed.kind, rows_of(path, sniffed.kind, None)[0], {})
    if sniffed.kind == "xml":
        if next(iter(xml_items(path, freshdesk.TAGS)), None) is None:
            raise BadInput(f"{path.name} is XML without tickets of Freshdesk: give a table (CSV, XLSX) or JSON.")
        return "freshdesk"
    if sniffed.kind == "jsonl":
        return guess_format(
            "jsonl", [], next((line.values for line in json_lines(path, sniffed.encoding) if line.values), {})
        )
    first = next(
        (value for kind, value in json_items(path, sniffed.encoding) if kind in TICKETS and isinstance(value, dict)), {}
    )
    return guess_format("json", [], first)


def preview(ready: Opened) -> list[Shown]:
    """What the first rows would become."""
    shown = [_shown(line, ready) for line in islice(ready.lines(0), SHOWN)]
    good = [one for one in shown if one.item is not None]
    result = check_many(items=[one.item for one in good if one.item is not None])
    reasons = dict(result.refused)
    known = set(result.known)
    after = {
        id(one): Shown(one.line, None if place in reasons else one.item, place in known, reasons.get(place, ""))
        for place, one in enumerate(good)
    }
    return [after.get(id(one), one) for one in shown]


def _shown(line: Line, ready: Opened) -> Shown:
    if line.problem:
        return Shown(line, None, problem=line.problem)
    try:
        return Shown(line, ready.convert(line))
    except AmendsError as error:
        return Shown(line, None, problem=error.message, field=error.field or "")


def doubtful_dates(ready: Opened) -> list[str]:
    """The columns whose dates could be read with the day first or with the month first."""
    mapping = ready.mapping
    if mapping is None:
        return []
    sample = list(islice(ready.lines(0), SAMPLE))
    found = []
    for field in DATES:
        rule = mapping.fields.get(field)
        if rule is None or not rule.column:
            continue
        values = [text for line in sample if (text := str(line.values.get(rule.column) or "").strip())]
        if len({form.replace("%d", "%m") for form in formats_of(values)}) < len(formats_of(values)):
            found.append(rule.column)
    return found
