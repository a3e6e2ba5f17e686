"""What a parsed mail is: plain frozen values, no Django, no I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MailKind(StrEnum):
    """Who or what wrote a mail, as far as its headers and body tell."""

    MESSAGE = "message"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELIVERY_NOTICE = "delivery_notice"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: display name (may be empty) and address (empty when none could be read)."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that came with a mail; `data` is the decoded content, `sha256` its hexadecimal digest."""

    name: str
    type: str
    data: bytes
    sha256: str
    content_id: str | None
    inline: bool

    @property
    def size(self) -> int:
        """Size of the decoded content in bytes."""
        return len(self.data)


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report says: for whom, which status (RFC 3463, "5.1.1"), and whether trying again makes sense.

    `message_ids` are the identifiers of the returned message, as far as the report carries them; with them the
    report finds the message of ours that it is about.
    """

    recipient: str | None
    status: str | None
    hard: bool
    message_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail read from bytes. Message identifiers keep their angle brackets; `date` is always aware.

    `answerable` says whether a machine may answer at all: never to other machines, lists, reports or a mail that
    asks for no automatic answers. `problems` says in words what was odd and how it was read nevertheless.
    """

    kind: MailKind
    from_: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    subject: str
    date: datetime | None
    message_id: str | None
    in_reply_to: str | None
    references: tuple[str, ...]
    text: str
    html: str | None
    reply_text: str
    attachments: tuple[Attachment, ...]
    bounce: Bounce | None
    answerable: bool
    problems: tuple[str, ...]
