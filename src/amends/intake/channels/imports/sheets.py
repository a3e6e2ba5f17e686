"""Rows of an Excel workbook (.xlsx), read as a stream; formulas as the values they had when it was saved."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook  # type: ignore[import-untyped]  # ships no types
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]  # ships no types

from amends.core.errors import BadInput
from amends.intake.channels.imports.reading import CELL_LIMIT, Line, checked_header

MOST_UNPACKED = 1024 * 1024 * 1024
MOST_SHARED = 128 * 1024 * 1024
"""Words that cells share are kept in memory by the reader: more than this is refused."""
MOST_RATIO = 300
MOST_COLUMNS = 1000
_DAMAGE = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    KeyError,
    ValueError,
    OSError,
    TypeError,
    AttributeError,
    IndexError,
)


def check_archive(path: Path) -> None:
    """Refuse what is no workbook, or one that unpacks into more than we will read.

    Raises:
        BadInput: says which.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise BadInput(f"{path.name} is damaged: it begins like a workbook but cannot be opened.") from error
    names = {entry.filename for entry in entries}
    if "xl/workbook.xml" not in names:
        raise BadInput(f"{path.name} is a zip file, not a workbook: unpack it and give the files one by one.")
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    shared = sum(entry.file_size for entry in entries if entry.filename.lower().endswith("sharedstrings.xml"))
    if len(entries) > 5000 or unpacked > MOST_UNPACKED or shared > MOST_SHARED:
        raise BadInput(f"{path.name} is too large for a workbook ({unpacked >> 20} MB unpacked): save it as CSV.")
    if unpacked > 64 * 1024 * 1024 and unpacked / packed > MOST_RATIO:
        raise BadInput(
            f"{path.name} unpacks into {unpacked // packed} times its size: this is not a usual workbook. Save it as CSV."
        )


def sheet_columns(path: Path, sheet: str = "") -> list[str]:
    """The names in the first row that has any.

    Raises:
        BadInput: the workbook or the sheet cannot be used.
    """
    try:
        for _, values in _rows(path, sheet):
            return checked_header(_trimmed([as_cell(one) for one in values]), path)
    except _DAMAGE as error:
        raise BadInput(f"{path.name} is damaged: its first row cannot be read.") from error
    raise BadInput(f"{path.name} is empty: the first row must name the columns.")


def sheet_lines(path: Path, sheet: str = "") -> Iterator[Line]:
    """The rows after the first one. A damaged sheet ends with a problem that says where."""
    header: list[str] = []
    number = 0
    try:
        for number, values in _rows(path, sheet):
            cells = [as_cell(one) for one in values]
            if not header:
                header = checked_header(_trimmed(cells), path)
                continue
            yield _line(number, header, cells)
    except _DAMAGE:
        yield Line(number + 1, {}, _("the sheet is damaged after row %(number)s") % {"number": number})


def _line(number: int, header: list[str], cells: list[str]) -> Line:
    if any(cells[len(header) :]):
        problem = _("there are values beyond the %(count)s named columns") % {"count": len(header)}
        return Line(number, {}, problem, raw=" | ".join(cells)[:CELL_LIMIT])
    cells = cells[: len(header)] + [""] * (len(header) - len(cells))
    return Line(number, dict(zip(header, cells, strict=True)))


def _rows(path: Path, sheet: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The rows that are not empty, with their numbers."""
    check_archive(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks of the library about styles and the like
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except _DAMAGE as error:
        raise BadInput(f"{path.name} is damaged: it cannot be opened as a workbook.") from error
    try:
        chosen = _sheet(book, sheet, path)
        chosen.reset_dimensions()  # what the file says of its own size may be wrong
        for number, values in enumerate(chosen.iter_rows(values_only=True), start=1):
            if len(values) > MOST_COLUMNS and any(one is not None for one in values[MOST_COLUMNS:]):
                raise BadInput(f"{path.name}, row {number}: more than {MOST_COLUMNS} columns.")
            if any(one is not None for one in values):
                yield number, values
    finally:
        book.close()


def _sheet(book: Any, name: str, path: Path) -> Any:
    if name:
        if name not in book.sheetnames:
            raise BadInput(
                f"{path.name} has no sheet {name!r}; it has: {', '.join(book.sheetnames)[:300]}.", field="sheet"
            )
        return book[name]
    shown = [one for one in book.worksheets if one.sheet_state == "visible"]
    if not shown:
        raise BadInput(f"{path.name} has no sheet with rows.")
    return shown[0]


def _trimmed(cells: list[str]) -> list[str]:
    """Without the empty cells at the end."""
    while cells and not cells[-1]:
        cells = cells[:-1]
    return cells


def as_cell(value: Any) -> str:
    """A cell's value as text: dates in ISO 8601, whole numbers without a point, errors as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = str(value).strip()
    return (
        ""
        if text.startswith("#") and text in ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")
        else text
    )
