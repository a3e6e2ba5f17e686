"""Files that customers send: what they are is read from their bytes, not believed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Protocol

from django.utils.translation import gettext as _

from amends.cases.public import NewFile
from amends.core.errors import BadInput
from amends.core.text import clean_line

MAX_FILES = 10
MAX_FILE = 10 * 1024 * 1024
MAX_TOTAL = 30 * 1024 * 1024

TYPES: dict[str, str] = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "txt": "text/plain",
    "csv": "text/csv",
}
"""What may be sent, by the end of its name: pictures, documents without programs in them, sound and film."""

_MAGIC: tuple[tuple[bytes, int, str], ...] = (
    (b"\xff\xd8\xff", 0, "jpg"),
    (b"\x89PNG\r\n\x1a\n", 0, "png"),
    (b"GIF87a", 0, "gif"),
    (b"GIF89a", 0, "gif"),
    (b"WEBP", 8, "webp"),
    (b"BM", 0, "bmp"),
    (b"II*\x00", 0, "tif"),
    (b"MM\x00*", 0, "tif"),
    (b"%PDF-", 0, "pdf"),
    (b"ID3", 0, "mp3"),
    (b"\xff\xfb", 0, "mp3"),
    (b"\xff\xf3", 0, "mp3"),
    (b"\xff\xf2", 0, "mp3"),
    (b"OggS", 0, "ogg"),
    (b"WAVE", 8, "wav"),
    (b"\x1aE\xdf\xa3", 0, "webm"),
)
_BRANDS: dict[bytes, str] = {b"heic": "heic", b"heix": "heic", b"mif1": "heic", b"qt  ": "mov", b"M4A ": "m4a"}
_OFFICE: dict[str, str] = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_RISKY = ("vbaproject.bin", "activex", "oleobject")
_SIGNS_OF_MARKUP = (b"<html", b"<!doctype", b"<script", b"<svg", b"<?xml", b"<iframe", b"#!", b"<?php")


class Upload(Protocol):
    """What we need of an uploaded file."""

    name: str | None
    size: int | None

    def read(self) -> bytes:
        """All bytes."""
        ...


def accept_files(uploads: Iterable[Upload]) -> list[NewFile]:
    """The uploaded files, ready to store.

    Raises:
        BadInput: too many, too large, or a kind that could do harm; the message names the file. What is
            larger than allowed is not read.
    """
    given = [one for one in uploads if one.size or one.name]
    if len(given) > MAX_FILES:
        raise BadInput(_("Please send at most %(count)d files at once.") % {"count": MAX_FILES}, field="files")
    if sum(one.size or 0 for one in given) > MAX_TOTAL:
        raise BadInput(
            _("Together the files are larger than %(size)d MB. Please send fewer at once.") % {"size": MAX_TOTAL >> 20},
            field="files",
        )
    return [_accepted(one) for one in given]


def _accepted(upload: Upload) -> NewFile:
    name = clean_line(upload.name or "").replace("/", "_").replace("\\", "_")[-200:] or "file"
    if (upload.size or 0) > MAX_FILE:
        raise BadInput(
            _("“%(name)s” is larger than %(size)d MB. Please make it smaller, or send it in parts.")
            % {"name": name, "size": MAX_FILE >> 20},
            field="files",
        )
    data = upload.read()
    if not data:
        raise BadInput(_("“%(name)s” is empty.") % {"name": name}, field="files")
    kind = sniff(name, data)
    if kind is None:
        raise BadInput(
            _("“%(name)s” is a kind of file that I cannot take. Pictures, PDF, documents, sound and film are fine.")
            % {"name": name},
            field="files",
        )
    return NewFile(name=name, content_type=kind, data=data)


def sniff(name: str, data: bytes) -> str | None:
    """The type of these bytes when it is one of `TYPES`, else None. The name is asked only for text."""
    kind = _by_magic(data)
    if kind is None and data.startswith(b"PK\x03\x04"):
        kind = _office(data)
    elif kind is None:
        kind = _text(name, data)
    return TYPES.get(kind) if kind else None


def _by_magic(data: bytes) -> str | None:
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "mp4")
    for signature, offset, kind in _MAGIC:
        if data[offset : offset + len(signature)] == signature and (offset == 0 or data.startswith(b"RIFF")):
            return kind if _agrees(kind, data) else None
    return None


def _agrees(kind: str, data: bytes) -> bool:
    """A second look at a signature so short that words begin like it: a bitmap states its own size."""
    return kind != "bmp" or int.from_bytes(data[2:6], "little") == len(data)


def _office(data: bytes) -> str | None:
    """Which document a zip file is, when it is one and holds no program."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name.lower() for name in archive.namelist()]
            if len(names) > 5000 or any(risky in name for name in names for risky in _RISKY):
                return None
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                stated = archive.read("mimetype").decode("ascii", "replace").strip()
                return next((end for end in ("odt", "ods") if TYPES[end] == stated), None)
            return next((kind for part, kind in _OFFICE.items() if part in names), None)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, NotImplementedError, RuntimeError, EOFError):
        return None  # damaged or made to do damage: not a document either way


def _text(name: str, data: bytes) -> str | None:
    ending = name.rpartition(".")[2].lower()
    if ending not in ("txt", "csv") or b"\x00" in data[:4096].replace(b"\xff\xfe", b"", 1):
        return None
    head = data[:2048].lstrip().lower()
    return None if any(sign in head for sign in _SIGNS_OF_MARKUP) else ending
