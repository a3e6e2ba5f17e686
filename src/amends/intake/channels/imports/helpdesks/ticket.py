"""What the helpdesks' exports have in common: one shape of a ticket, and the people they name (PURE).

Every adapter turns a ticket of its helpdesk into the same columns, which a mapping then reads like those of a table, and into
messages. The columns: `id`, `subject`, `description`, `status`, `priority`, `type`, `channel`, `created_at`, `updated_at`,
`solved_at`, `group`, `assignee`, `organization`, `product`, `tags`, `satisfaction`, `satisfaction_comment`, `requester.id`,
`requester.name`, `requester.email`, `requester.phone`, `requester.language`, and `custom.NAME` for fields of one's own.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from amends.cases.public import Direction, NewFile, PastMessage
from amends.core.errors import BadInput
from amends.intake.channels.email.html import clean_html, to_text
from amends.intake.channels.imports.mapping import not_a_date
from amends.intake.channels.imports.reading import as_text

COLUMNS = (
    *("id", "subject", "description", "status", "priority", "type", "channel", "created_at", "updated_at", "solved_at"),
    *("group", "assignee", "organization", "product", "tags", "satisfaction", "satisfaction_comment"),
    *(f"requester.{name}" for name in ("id", "name", "email", "phone", "language")),
)
FILE_LIMIT = 10 * 1024 * 1024
_STRUCTURE = re.compile(r"<(?!/?(?:p|br|div|span|html|body)\b)[a-z]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person as an export names them; `customer` is None when it does not say."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    customer: bool | None = None


NOBODY = Somebody()


@dataclass(slots=True)
class Directory:
    """The people, groups and the like that stand beside the tickets, by kind and id."""

    people: dict[str, Somebody] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)

    def person(self, number: Any) -> Somebody:
        """The person with this id; somebody without a name when the export does not list them."""
        return self.people.get(as_text(number), NOBODY) if number else NOBODY

    def name(self, kind: str, number: Any) -> str:
        """The name of a group, organisation, product … with this id, or empty."""
        return self.names.get((kind, as_text(number)), "") if number else ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket: its columns and what was said."""

    values: dict[str, str]
    messages: tuple[PastMessage, ...]


def table(value: Any) -> Mapping[str, Any]:
    """A nested object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(values: Mapping[str, Any], *names: str) -> str:
    """The first of these values that is not empty, as text."""
    return next((text for name in names if (text := as_text(values.get(name)).strip())), "")


def moment_of(values: Mapping[str, Any], *names: str) -> datetime:
    """The first of these times, in UTC when it has no offset.

    Raises:
        BadInput: it is not a time, or there is none.
    """
    text = text_of(values, *names)
    if not text:
        raise BadInput(_("a message has no %(name)s") % {"name": names[0]}, field="messages")
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError as error:
        raise BadInput(not_a_date(names[0], text, "ISO 8601"), field="messages") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def words_of(plain: str, html: str) -> tuple[str, str]:
    """Text and cleaned HTML of a message; HTML only when it has more than paragraphs."""
    text = plain.strip() or (to_text(html) if html else "")
    rich = (clean_html(html) or "") if html and _STRUCTURE.search(html) else ""
    return text, rich


def with_files(text: str, files: Iterable[tuple[str, str]]) -> str:
    """The text, and below it the names (and sizes) of files that the export only names."""
    named = [f"📎 {name or 'file'}{f' ({size} bytes)' if size else ''}" for name, size in files]
    return "\n\n".join(part for part in (text, "\n".join(named)) if part)


def split_files(
    attachments: Sequence[Mapping[str, Any]], name: Sequence[str], size: Sequence[str]
) -> tuple[list[tuple[str, str]], list[NewFile]]:
    """The files of a message: those only named, and those whose bytes (base64) came along."""
    named: list[tuple[str, str]] = []
    whole: list[NewFile] = []
    for one in attachments:
        label = text_of(one, *name)
        data = _bytes_of(one.get("data"))
        if data:
            whole.append(NewFile(name=label or "file", content_type="application/octet-stream", data=data))
        else:
            named.append((label, text_of(one, *size)))
    return named, whole


def _bytes_of(value: Any) -> bytes:
    if not isinstance(value, str) or not value or len(value) > FILE_LIMIT * 4 // 3:
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""  # then it is shown by its name, as one without bytes


def message(
    *,
    direction: str,
    at: datetime,
    words: tuple[str, str],
    author: Somebody,
    attachments: Sequence[Mapping[str, Any]] = (),
    file_name: Sequence[str] = ("name",),
    file_size: Sequence[str] = ("size",),
    subject: str = "",
    kind: str = "",
    to_address: str = "",
    channel: str = "",
) -> PastMessage | None:
    """One message, or None when it says nothing and has no file."""
    named, whole = split_files(attachments, file_name, file_size)
    text = with_files(words[0], named)
    if not text and not whole:
        return None
    return PastMessage(
        direction=direction,
        at=at,
        text=text,
        html="" if named else words[1],
        author=author.name,
        address=author.email,
        subject=subject,
        kind=kind or ("note" if direction == Direction.INTERNAL else "message"),
        to_address=to_address,
        channel=channel,
        files=whole,
    )


def columns_of(
    values: Mapping[str, str], requester: Somebody, requester_id: str, custom: Mapping[str, Any]
) -> dict[str, str]:
    """All columns, the missing ones empty, and the fields of one's own."""
    flat = dict.fromkeys(COLUMNS, "") | {name: value for name, value in values.items() if value}
    flat |= {
        "requester.id": requester_id,
        "requester.name": requester.name,
        "requester.email": requester.email,
        "requester.phone": requester.phone,
        "requester.language": requester.language,
    }
    return flat | {f"custom.{name}": text for name, value in custom.items() if (text := as_text(value).strip())}
