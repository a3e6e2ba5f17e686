"""Opening a file for an import: what it is, how its rows are read, and how one becomes a complaint (PURE but for the file)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from amends.cases.public import PastComplaint
from amends.core.errors import BadInput
from amends.intake.channels.imports.documents import BrokenDocumentError, json_items
from amends.intake.channels.imports.helpdesks.reading import HELPDESKS, ticket_lines
from amends.intake.channels.imports.helpdesks.ticket import COLUMNS
from amends.intake.channels.imports.mapping import ImportMapping, built_in, native
from amends.intake.channels.imports.reading import Line, csv_columns, csv_lines, flattened, json_lines
from amends.intake.channels.imports.rows import Units, from_object, from_row
from amends.intake.channels.imports.sheets import check_archive, sheet_columns, sheet_lines
from amends.intake.channels.imports.sniffing import Sniffed, sniff

FORMATS = ("cfpb", "csv", "freshdesk", "jsonl", "xlsx", "zammad", "zendesk")
Converter = Callable[[Line], PastComplaint]
Rows = Callable[[int], Iterator[Line]]


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that can be read.

    Attributes:
        columns: the names that a mapping may use; empty for JSON Lines in our own shape.
        mapping: None for JSON Lines in our own shape.
        lines: the rows after the first so many, each time anew.
        name: what the mapping is called in the run: it changes when the mapping says something else.
    """

    columns: list[str]
    mapping: ImportMapping | None
    lines: Rows
    convert: Converter
    name: str


def open_file(path: Path, form: str, mapping: ImportMapping | None, units: Units) -> Opened:
    """Look at the file and put reader and mapping together.

    Raises:
        BadInput: the file, the format or the mapping cannot be used, and why.
    """
    if form not in FORMATS:
        raise BadInput(f"There is no format {form!r}; choose from {', '.join(FORMATS)}.", field="format")
    columns, lines = rows_of(path, form, mapping)
    if form == "jsonl" and mapping is None:
        return Opened([], None, lines, lambda line: from_object(line.values, units), "jsonl")
    chosen = mapping or _own_mapping(form, columns)
    if form != "jsonl":
        check_columns(path, columns, chosen)
    return Opened(columns, chosen, lines, lambda line: from_row(line, chosen, units), f"{chosen.name}@{chosen.digest}")


def check_columns(path: Path, columns: list[str], mapping: ImportMapping) -> None:
    """Refuse a mapping of another file.

    Raises:
        BadInput: the key's column, or every column it reads, is missing; the message names both sides.
    """
    missing = sorted(mapping.columns - set(columns))
    if mapping.key in missing or (missing and set(missing) == mapping.columns):
        raise BadInput(
            f"{path.name} has no column {mapping.key or missing[0]!r}; it has: {', '.join(columns)[:500]}.",
            field="mapping",
        )


def _own_mapping(form: str, columns: list[str]) -> ImportMapping:
    """The mapping that comes with a format; a plain table has columns that are named like the fields."""
    return built_in(form) if form not in ("csv", "xlsx") else native(columns)


def rows_of(path: Path, form: str, mapping: ImportMapping | None) -> tuple[list[str], Rows]:
    """The columns of a file, and its rows.

    Raises:
        BadInput: it is not of this format.
    """
    sniffed = sniff(path, encoding=mapping.encoding if mapping else "", delimiter=mapping.delimiter if mapping else "")
    if form in HELPDESKS:
        ticket_lines(path, sniffed, form)  # says now when the file is of another kind
        return list(COLUMNS), lambda skip: ticket_lines(path, sniffed, form, skip)
    if form == "jsonl":
        rows = _json_rows(path, sniffed, flat=mapping is not None)
        return (_names_in(rows) if mapping is not None else []), rows
    if sniffed.kind == "xlsx":
        check_archive(path)
        sheet = mapping.sheet if mapping else ""
        return sheet_columns(path, sheet), lambda skip: islice(sheet_lines(path, sheet), skip, None)
    if form == "xlsx":
        raise BadInput(
            f"{path.name} is not an Excel workbook (.xlsx): it looks like {sniffed.kind.upper()}.", field="format"
        )
    if sniffed.kind != "csv":
        raise BadInput(f"{path.name} is {sniffed.kind.upper()}, not a table. Choose another format.", field="format")
    columns = csv_columns(path, sniffed.encoding, sniffed.delimiter)
    return columns, lambda skip: islice(csv_lines(path, sniffed.encoding, sniffed.delimiter), skip, None)


def _json_rows(path: Path, sniffed: Sniffed, *, flat: bool) -> Rows:
    if sniffed.kind not in ("jsonl", "json"):
        raise BadInput(f"{path.name} is {sniffed.kind.upper()}, not JSON Lines. Choose another format.", field="format")

    def lines(skip: int) -> Iterator[Line]:
        found = json_lines(path, sniffed.encoding) if sniffed.kind == "jsonl" else _objects(path, sniffed.encoding)
        for line in islice(found, skip, None):
            yield replace(line, values=flattened(line.values)) if flat and not line.problem else line

    return lines


def _objects(path: Path, encoding: str) -> Iterator[Line]:
    """The objects of one JSON array."""
    number = 0
    try:
        for number, (_kind, value) in enumerate(json_items(path, encoding), start=1):
            yield Line(number, value) if isinstance(value, dict) else Line(number, {}, _("not a JSON object"))
    except BrokenDocumentError as error:
        yield Line(number + 1, {}, error.message)


def _names_in(rows: Rows) -> list[str]:
    """The names that the first objects use."""
    return list(dict.fromkeys(name for line in islice(rows(0), 200) for name in line.values))
