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


class ProtectionState(StrEnum):
    """What was done to a mail with keys, as far as its form tells; nothing is verified or decrypted here."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    BOTH = "both"


class ProtectionScheme(StrEnum):
    """By which of the two families of formats."""

    SMIME = "smime"
    PGP = "pgp"


@dataclass(frozen=True, slots=True)
class Protection:
    """A signed or encrypted mail. Its parts are kept whole, the signature or the encrypted data as attachment."""

    state: ProtectionState
    scheme: ProtectionScheme


@dataclass(frozen=True, slots=True)
class Original:
    """The message that somebody forwards to us: who wrote it first, when, about what.

    `attached` says whether it came as a file (message/rfc822) or was copied into the text. `text` is its own text
    without what it quotes in turn; `date` is aware or None when it could not be read; `from_` is None when unnamed.
    """

    from_: Address | None
    to: tuple[Address, ...]
    date: datetime | None
    subject: str
    message_id: str | None
    text: str
    attached: bool


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail read from bytes. Message identifiers keep their angle brackets; `date` is always aware.

    `answerable` says whether a machine may answer at all: never to other machines, lists, reports or a mail that
    asks for no automatic answers. `problems` says in words what was odd and how it was read nevertheless.
    `original` is the message that was forwarded, if the mail forwards one; `protection` is None for ordinary mail.
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
    original: Original | None = None
    protection: Protection | None = None
