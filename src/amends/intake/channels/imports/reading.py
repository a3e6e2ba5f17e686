"""Reading rows of a file, one after the other, in bounded memory, whatever its encoding (PURE but for the file)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

from amends.cases.public import PastMessage
from amends.core.errors import BadInput

CELL_LIMIT = 4_000_000
LINE_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: its number there, its values, or what is wrong with it.

    Attributes:
        number: the line it ends on in CSV and JSON Lines, the row of a sheet, the how-manieth ticket elsewhere; 1 is the first.
        messages: its history, when the file has one.
    """

    number: int
    values: Mapping[str, Any]
    problem: str = ""
    raw: str = ""
    messages: Sequence[PastMessage] = field(default=())


def checked_header(names: Sequence[str], path: Path) -> list[str]:
    """The names of the columns; one without a name is called by its place.

    Raises:
        BadInput: there is none, or two have the same name.
    """
    header = [name.replace("\x00", "").strip() or f"column {place}" for place, name in enumerate(names, start=1)]
    if not any(name.strip() for name in names):
        raise BadInput(f"{path.name} is empty: the first row must name the columns.")
    for place, name in enumerate(header):
        if name in header[:place]:
            first = header.index(name) + 1
            raise BadInput(
                f"{path.name}: the first row names {name[:80]!r} twice (columns {first} and {place + 1}). Rename one of them."
            )
    return header


def csv_columns(path: Path, encoding: str, delimiter: str) -> list[str]:
    """The names in the first row.

    Raises:
        BadInput: the file is empty, or the names are not usable.
    """
    csv.field_size_limit(LINE_LIMIT)
    with path.open(encoding=encoding, newline="") as file:
        try:
            header = next(csv.reader(_lines(file, path), delimiter=delimiter), None)
        except csv.Error as error:
            raise BadInput(f"{path.name}, line 1: not CSV: {error}.") from error
    return checked_header(header or [], path)


def csv_lines(path: Path, encoding: str, delimiter: str) -> Iterator[Line]:
    """The rows of a CSV file after the first. A row with too many or too few values is a problem, not the end."""
    header = csv_columns(path, encoding, delimiter)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(file, path), delimiter=delimiter)
        next(reader, None)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(reader.line_num, {}, _("not CSV: %(detail)s") % {"detail": error})
                continue
            if not any(value.strip() for value in row):
                continue
            if len(row) != len(header):
                problem = _("%(values)s values, but the first row names %(columns)s columns") % {
                    "values": len(row), "columns": len(header),
                }  # fmt: skip
                yield Line(reader.line_num, {}, problem, raw=delimiter.join(row)[:CELL_LIMIT])
                continue
            yield _within_limits(reader.line_num, dict(zip(header, row, strict=True)))


def _within_limits(number: int, values: dict[str, str]) -> Line:
    for name, value in values.items():
        if len(value) > CELL_LIMIT:
            problem = _("%(name)s: %(count)s characters; at most %(limit)s fit") % {
                "name": name, "count": len(value), "limit": CELL_LIMIT,
            }  # fmt: skip
            return Line(number, {}, problem, raw=value[:2000])
    return Line(number, values)


def _lines(file: TextIO, path: Path) -> Iterator[str]:
    """The lines without NUL; one without an end is refused before it fills the memory."""
    while line := file.readline(LINE_LIMIT):
        if len(line) == LINE_LIMIT:
            raise BadInput(
                f"{path.name} has a line of more than {LINE_LIMIT >> 20} million characters: it is not a table."
            )
        yield line.replace("\x00", "") if "\x00" in line else line


def json_lines(path: Path, encoding: str = "utf-8-sig") -> Iterator[Line]:
    """The objects of a JSON Lines file; a broken line is a problem, not the end."""
    with path.open(encoding=encoding, newline="\n") as file:
        number = 0
        while text := file.readline(LINE_LIMIT):
            number += 1
            if len(text) == LINE_LIMIT:
                while len(file.readline(LINE_LIMIT)) == LINE_LIMIT:
                    pass  # the rest of the same line
                yield Line(number, {}, _("longer than %(count)s million characters") % {"count": LINE_LIMIT >> 20})
                continue
            if not text.strip():
                continue
            yield _object(number, text)


def _object(number: int, text: str) -> Line:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Line(number, {}, _("not JSON: %(detail)s") % {"detail": error}, raw=text.rstrip("\n")[:CELL_LIMIT])
    if isinstance(values, dict):
        return Line(number, values)
    return Line(number, {}, _("not a JSON object"), raw=text.rstrip("\n")[:CELL_LIMIT])


def flattened(values: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, str]:
    """Nested values as columns: `{"a": {"b": 1}, "c": ["x", "y"]}` is `{"a.b": "1", "c": "x, y"}`."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and depth < 5:
            flat.update(flattened(value, f"{full}.", depth + 1))
        else:
            flat[full] = as_text(value)
    return flat


def as_text(value: Any) -> str:
    """A JSON value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(as_text(one) for one in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
