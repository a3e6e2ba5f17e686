"""Outgoing mail: values in, a ready `EmailMessage` out. Nothing from outside can add a header."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime

from amends.intake.channels.email.charsets import clean
from amends.intake.channels.email.model import Address

MAX_REFERENCES = 20
MAX_SUBJECT = 400
MESSAGE_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,200}@[A-Za-z0-9.-]{1,200}>")
LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
SAFE_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}")
WEB_ADDRESS = re.compile(r"https?://[!-;=?-~]{1,800}")


class _OneLineHeader(UnstructuredHeader, BaseHeader):
    """A header with an address of the web: never broken, and never an encoded word, which no mail program would read."""

    def fold(self, *, policy: Policy) -> str:
        """The header as it goes over the wire."""
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _OneLineHeader)
WIRE = SMTP.clone(header_factory=_HEADERS)


class UnusableAddressError(ValueError):
    """An address no mail can be sent to; the message says which part is wrong."""


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to attach: name as the receiver sees it, MIME type, content."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """Everything a mail of ours says.

    `message_id` is given by the caller and stable, so that a second try is the same message for every receiver.
    `automatic` marks answers that no person wrote: other machines then keep quiet (RFC 3834).
    `unsubscribe` is the web address at which a POST is enough to get no more of the kind (RFC 2369, RFC 8058).
    """

    sender: Address
    recipient: Address
    reply_to: Address
    subject: str
    text: str
    message_id: str
    date: datetime
    html: str = ""
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    automatic: bool = False
    unsubscribe: str = ""
    files: Sequence[OutgoingFile] = ()


def compose(mail: OutgoingMail) -> EmailMessage:
    """The message as it goes over the wire; raises `UnusableAddressError` for addresses that cannot be written."""
    message = EmailMessage(policy=WIRE)
    message["From"] = _header_address(mail.sender)
    message["To"] = _header_address(mail.recipient)
    message["Reply-To"] = _header_address(mail.reply_to)
    message["Subject"] = one_line(mail.subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = _identifier(mail.message_id)
    answered = mail.in_reply_to if mail.in_reply_to and MESSAGE_ID.fullmatch(mail.in_reply_to) else None
    chain = [reference for reference in mail.references if MESSAGE_ID.fullmatch(reference)]
    if answered:
        message["In-Reply-To"] = answered
        chain = [reference for reference in chain if reference != answered] + [answered]
    if chain:
        # The first names the conversation, the last ones the neighbours; the middle may go.
        message["References"] = " ".join(chain[:1] + chain[1:][-(MAX_REFERENCES - 1) :])
    if mail.automatic:
        message["Auto-Submitted"] = "auto-replied" if answered else "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    if WEB_ADDRESS.fullmatch(mail.unsubscribe):
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        if mail.unsubscribe.startswith("https://"):  # RFC 8058: one click only where nobody can read along
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    _fill(message, mail)
    return message


def _fill(message: EmailMessage, mail: OutgoingMail) -> None:
    message.set_content(clean(mail.text).rstrip("\n") + "\n", charset="utf-8", cte="quoted-printable")
    if mail.html:
        message.add_alternative(clean(mail.html), subtype="html", charset="utf-8", cte="quoted-printable")
    for file in mail.files:
        declared = file.type.lower()
        usable = SAFE_TYPE.fullmatch(declared) and not declared.startswith(("multipart/", "message/"))
        maintype, _slash, subtype = (declared if usable else "application/octet-stream").partition("/")
        message.add_attachment(
            file.data, maintype=maintype, subtype=subtype, filename=one_line(file.name)[:150] or "attachment"
        )


def one_line(value: str) -> str:
    """One line without control characters: what a header value may be."""
    return re.sub(r"[\s\x00-\x1f\x7f\x85\u2028\u2029]+", " ", clean(value)).strip()


def _identifier(value: str) -> str:
    if not MESSAGE_ID.fullmatch(value):
        msg = f"{value!r} is not a Message-ID; it must look like <left@right> in plain ASCII"
        raise ValueError(msg)
    return value


def _header_address(address: Address) -> HeaderAddress:
    local, _at, domain = wire_address(address.address).rpartition("@")
    return HeaderAddress(display_name=one_line(address.name)[:120], username=local, domain=domain)


def wire_address(address: str) -> str:
    """The address in ASCII, as SMTP and headers need it; international domains in their `xn--` form.

    Raises:
        UnusableAddressError: no mail can be sent to it.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not LOCAL_PART.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        msg = "The part before the @ of the address cannot be written in a mail"
        raise UnusableAddressError(msg)
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", ascii_domain) or ".." in ascii_domain:
        msg = "The part after the @ of the address is not a domain"
        raise UnusableAddressError(msg)
    return f"{local}@{ascii_domain}"
