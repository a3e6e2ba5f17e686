"""What kind of file this is, its encoding and its delimiter: found in the bytes, not believed from the name."""

from __future__ import annotations

import codecs
import csv
import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from amends.core.errors import BadInput

Kind = Literal["csv", "jsonl", "json", "xml", "xlsx"]
LOOK = 256 * 1024
DELIMITERS = (",", ";", "\t", "|")
_KNOWN_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls) or one with a password: save it as .xlsx without a password, or as CSV"),
    (b"\x1f\x8b", "a compressed file (gzip): unpack it first"),
    (b"7z\xbc\xaf", "a compressed file (7z): unpack it first"),
    (b"Rar!", "a compressed file (RAR): unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file: save it as CSV or JSON Lines"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What was found: `encoding` and `delimiter` are empty where the kind has none."""

    kind: Kind
    encoding: str = ""
    delimiter: str = ""


def sniff(path: Path, *, encoding: str = "", delimiter: str = "") -> Sniffed:
    """Look at a file. A given encoding or delimiter is taken as it is.

    Raises:
        BadInput: it is empty, or a kind of file that holds no rows we can read; the message says what it is.
    """
    try:
        with path.open("rb") as file:
            head = file.read(LOOK)
    except OSError as error:
        raise BadInput(f"There is no file {path.name}, or it cannot be read.") from error
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise BadInput(f"{path.name} is empty: the first row must name the columns.")
    if head.startswith(b"PK\x03\x04"):
        return Sniffed("xlsx")
    for signature, words in _KNOWN_OTHERS:
        if head.startswith(signature):
            raise BadInput(f"{path.name} is {words}. Give a table (CSV, XLSX) or JSON.")
    name = encoding_of(path, encoding, head)
    text = head.decode(name, errors="replace").lstrip("\ufeff")
    start = text.lstrip()[:1]
    if start == "<":
        return Sniffed("xml", name)
    if start in ("{", "["):
        return Sniffed(_kind_of_json(text), name)
    return Sniffed("csv", name, delimiter or delimiter_of(text))


def encoding_of(path: Path, given: str, head: bytes) -> str:
    """The given encoding, or the one of the file's mark (BOM), or the first of UTF-8 and Windows-1252 in which all of it reads.

    Raises:
        BadInput: there is no such encoding, or the file is not text.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    if given:
        _must_read(path, given)
        return given
    if sixteen := _sixteen_bits(head):
        return sixteen
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head[:8192])
    if odd > len(head[:8192]) // 10:
        raise BadInput(f"{path.name} is not text: give a table (CSV, XLSX) or JSON.")
    return next((name for name in ("utf-8-sig", "windows-1252") if _reads(path, name)), "latin-1")


def _must_read(path: Path, name: str) -> None:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise BadInput(f"There is no encoding {name[:40]!r}.", field="encoding") from error
    if not _reads(path, name):
        raise BadInput(
            f"{path.name} cannot be read as {name}: leave the encoding empty and it will be found.", field="encoding"
        )


def _reads(path: Path, name: str) -> bool:
    try:
        with path.open(encoding=name, newline="") as file:
            while file.read(1 << 20):
                pass
    except (UnicodeError, LookupError):
        return False
    return True


def _sixteen_bits(head: bytes) -> str:
    """UTF-16 without its mark: every other byte of western text is zero."""
    sample = head[:4096]
    if len(sample) < 8:
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    return ""


def _kind_of_json(text: str) -> Kind:
    """JSON Lines when the first line is a whole value that is no envelope around tickets, or a broken one before others."""
    line, _, rest = text.lstrip().partition("\n")
    if len(line) >= LOOK - 4:  # cut off by our look: only a list or an envelope begins like that
        return "json" if line.startswith("[") or '"tickets"' in line[:200] else "jsonl"
    if rest.lstrip().startswith("{") and not line.rstrip().endswith(("[", ",", ":")):
        return "jsonl"  # in a document nothing else stands before an object
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return "json"
    return "json" if isinstance(first, list) or isinstance(first.get("tickets"), list) else "jsonl"


def delimiter_of(text: str) -> str:
    """The delimiter that gives the most rows as wide as the first, then the widest; a comma when none fits."""
    best, best_score = ",", (0.0, 1)
    for one in DELIMITERS:
        try:
            rows = [
                row
                for row in islice(csv.reader(text.replace("\x00", "").splitlines(keepends=True), delimiter=one), 50)
                if row
            ]
        except csv.Error:
            continue
        if not rows or len(rows[0]) < 2:
            continue
        same = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        if (round(same, 1), len(rows[0])) > best_score:
            best, best_score = one, (round(same, 1), len(rows[0]))
    return best
