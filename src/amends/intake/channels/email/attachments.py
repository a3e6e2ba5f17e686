"""Files that came with a mail: names that are safe to store and show, content by value."""

import hashlib
import mimetypes
import re

from amends.intake.channels.email import headers, structure, tnef
from amends.intake.channels.email.charsets import clean
from amends.intake.channels.email.model import Attachment

MAX_NAME = 150
UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]')
# What the system's own table may lack; the rest comes from `mimetypes` without reading the machine's files.
EXTENSIONS = {
    "text/plain": ".txt", "text/html": ".html", "message/rfc822": ".eml", "text/calendar": ".ics", "image/jpeg": ".jpg",
    "image/jpg": ".jpg", "message/delivery-status": ".txt", "application/pdf": ".pdf", "text/x-amp-html": ".html",
}  # fmt: skip


def attachment(part: structure.Part, number: int, problems: list[str]) -> Attachment:
    """The file in a part; `number` names it when the mail does not."""
    data = structure.content(part, problems)
    name = name_of(part, number, data)
    raw_id = part.header("content-id")
    content_id = clean(headers.unfold(raw_id).decode("ascii", "replace")).strip("<> ")[:300] if raw_id else ""
    return Attachment(
        name=name,
        type=part.type if part.declared else _type_by_name(name) or part.type,
        data=data,
        sha256=hashlib.sha256(data).hexdigest(),
        content_id=content_id or None,
        inline=part.disposition != "attachment" and bool(content_id),
    )


def _type_by_name(name: str) -> str | None:
    """The type that a file's name promises, for parts that declare none."""
    kind, packed = mimetypes.MimeTypes().guess_type(name)
    return f"application/{packed}" if packed in {"gzip", "bzip2", "xz"} else kind


def is_package(part: structure.Part) -> bool:
    """Whether a part says that it is one of Outlook's packages (winmail.dat)."""
    name = (part.disposition_parameters.get("filename") or part.parameters.get("name") or "").lower()
    return part.type in {"application/ms-tnef", "application/vnd.ms-tnef"} or name in {"winmail.dat", "win.dat"}


def unpacked(package: tnef.Package, number: int) -> list[Attachment]:
    """The files of a package; `number` counts on for those without a name."""
    return [
        Attachment(
            name=safe_name(one.name) or f"attachment-{number + index}.bin",
            type=one.type or mimetypes.MimeTypes().guess_type(one.name)[0] or "application/octet-stream",
            data=one.data,
            sha256=hashlib.sha256(one.data).hexdigest(),
            content_id=clean(one.content_id)[:300] or None,
            inline=bool(one.content_id),
        )
        for index, one in enumerate(package.files)
    ]


def name_of(part: structure.Part, number: int, data: bytes) -> str:
    """A file name without path, control characters or tricks of writing direction."""
    declared = part.disposition_parameters.get("filename") or part.parameters.get("name") or ""
    name = safe_name(declared)
    if name:
        return name
    if part.type == "message/rfc822":
        subject = safe_name(structure.read_headers(data[:65536]).text_of("subject"))
        if subject:
            return f"{subject[: MAX_NAME - 4]}.eml"
    if part.type.startswith("text/") and part.type not in EXTENSIONS:
        extension = ".txt"
    else:
        extension = EXTENSIONS.get(part.type) or mimetypes.MimeTypes().guess_extension(part.type) or ".bin"
    return f"attachment-{number}{extension}"


def safe_name(declared: str) -> str:
    """The last piece of a path, bounded in length with its extension kept; empty when nothing usable is left."""
    name = re.split(r"[/\\]", clean(declared).replace("\n", " "))[-1]
    name = re.sub(r"\s+", " ", UNSAFE.sub("", name)).strip(" .")
    if len(name) > MAX_NAME:
        stem, dot, extension = name.rpartition(".")
        keep = f"{dot}{extension}" if dot and len(extension) <= 10 else ""
        name = (stem if keep else name)[: MAX_NAME - len(keep)] + keep
    return name
