"""winmail.dat: what Outlook packs when it talks to itself (MS-OXTNEF), unpacked into files and a body.

Reads attributes and the message properties inside them with every length checked against what is there; damaged data
gives what could be read and says so. The compressed rich text of the body is undone in `rich_text`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from amends.intake.channels.email.charsets import decode_text

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_ATTRIBUTES = 5000
MAX_PROPERTIES = 2000
MAX_FILES = 200
MAX_NESTING = 3

CODE_PAGE, BODY, MESSAGE_PROPERTIES = 0x00069007, 0x0002800C, 0x00069003
NEW_FILE, FILE_TITLE, FILE_DATA, FILE_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005

BODY_PLAIN, BODY_HTML, BODY_RICH = 0x1000, 0x1013, 0x1009
LONG_NAME, SHORT_NAME, MIME_TYPE, CONTENT_ID, CONTENT = 0x3707, 0x3704, 0x370E, 0x3712, 0x3701
# Sizes in bytes of the fixed property types (MS-OXCDATA 2.11.1), padded to four.
FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
TEXT_8, TEXT_16, OBJECT, BINARY, MULTIPLE = 0x1E, 0x1F, 0x0D, 0x102, 0x1000


@dataclass(slots=True)
class PackedFile:
    """One file of the package; `type` and `content_id` are empty when the package does not say."""

    name: str = ""
    data: bytes = b""
    type: str = ""
    content_id: str = ""


@dataclass(slots=True)
class Package:
    """Everything readable in a winmail.dat: the body in up to three forms and the files."""

    text: str = ""
    html: bytes = b""
    rich: bytes = b""
    files: list[PackedFile] = field(default_factory=list)
    damaged: bool = False


class _Short(Exception):
    """The data ends before what it announces."""


def unpack(data: bytes, *, nesting: int = 0) -> Package | None:
    """Read a package; None when the bytes are none at all. Never raises."""
    if not data.startswith(SIGNATURE) or len(data) < 6:
        return None
    package = Package()
    code_page = "cp1252"
    current: PackedFile | None = None
    try:
        for attribute, content in _attributes(data):
            if attribute == CODE_PAGE and len(content) >= 4:
                code_page = f"cp{int.from_bytes(content[:4], 'little')}"
            elif attribute == BODY and not package.text:
                package.text = _text8(content, code_page)
            elif attribute == MESSAGE_PROPERTIES:
                _read_message(package, content, code_page)
            elif attribute == NEW_FILE:
                current = PackedFile()
                if len(package.files) < MAX_FILES:
                    package.files.append(current)
            elif current is not None:
                _read_file(package, current, attribute, content, code_page, nesting)
    except _Short:
        package.damaged = True
    package.files = [one for one in package.files if one.data or one.name]
    return package


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    for _number in range(MAX_ATTRIBUTES):
        if position + 9 > len(data):
            return
        _level, attribute, length = struct.unpack_from("<BII", data, position)
        position += 9
        if position + length > len(data):
            raise _Short
        yield attribute, data[position : position + length]
        position += length + 2


def _text8(content: bytes, code_page: str) -> str:
    text, _problem = decode_text(content.rstrip(b"\x00"), code_page)
    return text


def _read_message(package: Package, content: bytes, code_page: str) -> None:
    for number, values in _properties(content, code_page):
        value = values[0] if values else b""
        if number == BODY_PLAIN and isinstance(value, str):
            package.text = value
        elif number == BODY_HTML:
            package.html = value.encode() if isinstance(value, str) else value
        elif number == BODY_RICH and isinstance(value, bytes):
            package.rich = value


def _read_file(
    package: Package, current: PackedFile, attribute: int, content: bytes, code_page: str, nesting: int
) -> None:
    if attribute == FILE_TITLE:
        current.name = current.name or _text8(content, code_page)
    elif attribute == FILE_DATA:
        current.data = content
    elif attribute == FILE_PROPERTIES:
        for number, values in _properties(content, code_page):
            value = values[0] if values else b""
            if isinstance(value, str):
                _name_file(current, number, value)
            elif number == CONTENT and value:
                _fill_file(package, current, value, nesting)


def _name_file(current: PackedFile, number: int, value: str) -> None:
    if number == LONG_NAME and value:
        current.name = value
    elif number == SHORT_NAME:
        current.name = current.name or value
    elif number == MIME_TYPE:
        current.type = value.strip().lower()
    elif number == CONTENT_ID:
        current.content_id = value.strip("<> ")


def _fill_file(package: Package, current: PackedFile, value: bytes, nesting: int) -> None:
    """The content; a message inside the package is itself one, behind the 16 bytes that name its interface."""
    inner = unpack(value[16:], nesting=nesting + 1) if nesting < MAX_NESTING else None
    if inner is None:
        current.data = current.data or value
        return
    if inner.text:
        current.data, current.type = inner.text.encode(), "text/plain"
        current.name = f"{current.name or 'message'}.txt"
    elif inner.html:
        current.data, current.type = inner.html, "text/html"
        current.name = f"{current.name or 'message'}.html"
    package.files += inner.files[: MAX_FILES - len(package.files)]
    package.damaged = package.damaged or inner.damaged


def _properties(content: bytes, code_page: str) -> Iterator[tuple[int, list[str | bytes]]]:
    """Number and values of each property; numbers and dates come as their bytes."""
    reader = _Reader(content)
    for _number in range(min(reader.number(4), MAX_PROPERTIES)):
        kind, number = reader.number(2), reader.number(2)
        if number >= 0x8000:
            _skip_name(reader)
        multiple, base = bool(kind & MULTIPLE), kind & ~MULTIPLE
        values: list[str | bytes] = []
        if base in {TEXT_8, TEXT_16, OBJECT, BINARY}:
            for _value in range(min(reader.number(4), MAX_PROPERTIES)):
                raw = reader.padded(reader.number(4))
                values.append(_value_of(base, raw, code_page))
        elif base in FIXED:
            count = min(reader.number(4), MAX_PROPERTIES) if multiple else 1
            values = [reader.take(FIXED[base]) for _value in range(count)]
        else:
            raise _Short
        yield number, values


def _value_of(base: int, raw: bytes, code_page: str) -> str | bytes:
    if base == TEXT_8:
        return _text8(raw, code_page)
    if base == TEXT_16:
        return raw.decode("utf-16-le", "replace").replace("\x00", "")
    return raw


def _skip_name(reader: "_Reader") -> None:
    reader.take(16)
    if reader.number(4) == 0:
        reader.take(4)
    else:
        reader.padded(reader.number(4))


class _Reader:
    """Little-endian pieces of a buffer; `_Short` when it ends too early."""

    def __init__(self, buffer: bytes) -> None:
        self._buffer = buffer
        self._position = 0

    def take(self, length: int) -> bytes:
        piece = self._buffer[self._position : self._position + length]
        if len(piece) < length:
            raise _Short
        self._position += length
        return piece

    def padded(self, length: int) -> bytes:
        piece = self.take(length)
        self._position += -length % 4
        return piece

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "little")
