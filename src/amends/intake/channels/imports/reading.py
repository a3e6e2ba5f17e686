"""Reading rows of a file, one after the other, whatever its encoding (PURE but for the file)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amends.core.errors import BadInput

ENCODINGS = ("utf-8-sig", "windows-1252", "latin-1")
FIELD_LIMIT = 4_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: the line it ends on (1 is the first), its values, or what is wrong with it."""

    number: int
    values: dict[str, Any]
    problem: str = ""
    raw: str = ""


def encoding_of(path: Path, first: str) -> str:
    """The first of the likely encodings in which the whole file can be read."""
    for name in (first if first != "utf-8" else "utf-8-sig", *ENCODINGS):
        try:
            with path.open(encoding=name, newline="") as file:
                while file.read(1 << 20):
                    pass
        except UnicodeDecodeError:
            continue
        except LookupError as error:
            raise BadInput(f"There is no encoding {name!r}.") from error
        return name
    raise BadInput(f"{path} is not text in any encoding that Amends knows.")


def csv_columns(path: Path, encoding: str, delimiter: str) -> list[str]:
    """The names in the first row.

    Raises:
        BadInput: the file is empty.
    """
    with path.open(encoding=encoding, newline="") as file:
        header = next(csv.reader(file, delimiter=delimiter), None)
    if not header:
        raise BadInput(f"{path} is empty: the first row must name the columns.")
    return header


def csv_lines(path: Path, encoding: str, delimiter: str) -> Iterator[Line]:
    """The rows of a CSV file after the first. A row with too many or too few values is a problem, not the end."""
    csv.field_size_limit(FIELD_LIMIT)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader((line.replace("\x00", "") for line in file), delimiter=delimiter)
        header = next(reader, [])
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(reader.line_num, {}, f"not CSV: {error}")
                continue
            if not any(value.strip() for value in row):
                continue
            if len(row) != len(header):
                problem = f"{len(row)} values, but the first row names {len(header)} columns"
                yield Line(reader.line_num, {}, problem, raw=delimiter.join(row))
                continue
            yield Line(reader.line_num, dict(zip(header, row, strict=True)))


def json_lines(path: Path) -> Iterator[Line]:
    """The objects of a JSON Lines file; a broken line is a problem, not the end."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            if len(raw) > FIELD_LIMIT:
                yield Line(number, {}, f"longer than {FIELD_LIMIT:,} bytes")
                continue
            try:
                values = json.loads(raw)
            except (ValueError, RecursionError) as error:
                yield Line(number, {}, f"not JSON: {error}", raw=raw.decode(errors="replace").rstrip("\n"))
                continue
            if isinstance(values, dict):
                yield Line(number, values)
            else:
                yield Line(number, {}, "not a JSON object", raw=raw.decode(errors="replace").rstrip("\n"))
