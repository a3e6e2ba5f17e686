"""Compiles translations (.po) into what Python's gettext reads (.mo), without the gettext tools (PURE).

Only what our own files use is understood: comments, msgctxt, msgid, msgid_plural, msgstr and msgstr[n], each as one or
more quoted strings. Entries marked fuzzy are left out, as msgfmt does.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator

MAGIC = 0x950412DE


class CatalogueError(ValueError):
    """A .po file that cannot be read; the message names the line."""


def compile_catalogue(text: str) -> bytes:
    """The .mo bytes for the text of a .po file.

    Raises:
        CatalogueError: a line is not understood, or an entry is there twice.
    """
    messages = _read(text)
    keys = sorted(messages)
    ids, texts = b"", b""
    offsets: list[tuple[int, int, int, int]] = []
    for key in keys:
        value = messages[key]
        offsets.append((len(key), len(ids), len(value), len(texts)))
        ids += key + b"\0"
        texts += value + b"\0"
    start = 7 * 4
    ids_at = start + 16 * len(keys)
    texts_at = ids_at + len(ids)
    table_of_ids = b"".join(struct.pack("<II", length, ids_at + at) for length, at, _, _ in offsets)
    table_of_texts = b"".join(struct.pack("<II", length, texts_at + at) for _, _, length, at in offsets)
    head = struct.pack("<IIIIIII", MAGIC, 0, len(keys), start, start + 8 * len(keys), 0, ids_at)
    return head + table_of_ids + table_of_texts + ids + texts


def _read(text: str) -> dict[bytes, bytes]:
    messages: dict[bytes, bytes] = {}
    for lines in _blocks(text):
        entry = _entry(lines)
        if "msgid" not in entry or any(line.startswith("#,") and "fuzzy" in line for _, line in lines):
            continue
        key, value = _encode(entry)
        if key in messages:
            raise CatalogueError(f"line {lines[0][0]}: {entry['msgid']!r} is there twice.")
        if value:
            messages[key] = value
    return messages


def _blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    """The entries as lists of numbered lines; empty lines stand between them."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.strip():
            block.append((number, line.strip()))
        elif block:
            yield block
            block = []


def _entry(lines: list[tuple[int, str]]) -> dict[str, str]:
    entry: dict[str, str] = {}
    field = ""
    for number, line in lines:
        if line.startswith("#"):
            continue
        if line.startswith('"'):
            if not field:
                raise CatalogueError(f"line {number}: a string without a keyword before it.")
            entry[field] += _unquote(line, number)
            continue
        field, _, rest = line.partition(" ")
        if not field.startswith("msg"):
            raise CatalogueError(f"line {number}: {field!r} is no keyword.")
        if field in entry:
            raise CatalogueError(f"line {number}: put an empty line between entries.")
        entry[field] = _unquote(rest.strip(), number)
    return entry


def _encode(entry: dict[str, str]) -> tuple[bytes, bytes]:
    key = entry["msgid"]
    if "msgctxt" in entry:
        key = f"{entry['msgctxt']}\x04{key}"
    if "msgid_plural" not in entry:
        return key.encode(), entry.get("msgstr", "").encode()
    forms = [entry[name] for name in sorted(name for name in entry if name.startswith("msgstr["))]
    return f"{key}\0{entry['msgid_plural']}".encode(), "\0".join(forms).encode()


def _unquote(text: str, number: int) -> str:
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError) as error:
        raise CatalogueError(f"line {number}: not a quoted string.") from error
    if not isinstance(value, str):
        raise CatalogueError(f"line {number}: not a quoted string.")
    return value
