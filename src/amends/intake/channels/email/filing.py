"""Where a mail belongs: a new complaint, a reply in a case, a report about a message of ours, or the quarantine.

Runs inside the transaction of `services.process`. A reply joins a case only when it carries an unguessable token of
that case (in an address it was sent to, or as the Message-ID it answers) AND comes from an address the case knows;
everything else is a new complaint, so that nothing ever lands in another customer's case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Lower

from amends.accounts.public import SYSTEM, Unit, customer_actor, root_unit
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    NewComplaint,
    NewFile,
    Person,
    complaint_by_public_id,
    known_addresses,
    mark_failed,
    message_by_message_id,
    read_reply_address,
    receive_message,
    register,
)
from amends.core import clock
from amends.core.text import clean_line, normalise_email, shorten
from amends.intake.channels.email import identity
from amends.intake.channels.email.model import Address, Attachment, MailKind, ParsedMail
from amends.intake.channels.email.models import MailOutcome, RawMail
from amends.intake.channels.email.outbox import NO_ANSWER

STRAYED_PER_HOUR = 5
"""Answers to a case from a foreign address within an hour: more than this is a loop between two programs."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What the mail became."""

    outcome: MailOutcome
    complaint_id: int | None = None
    message_id: int | None = None
    strayed: bool = False


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The mail needs a person; the sentence says why."""

    reason: str


def file_mail(row: RawMail, mail: ParsedMail, fingerprint: str) -> Filed | Quarantine:
    """Decide and write what a mail becomes.

    Raises:
        AmendsError: it cannot become anything; the message is the reason for the quarantine.
    """
    if mail.kind in {MailKind.BOUNCE, MailKind.DELIVERY_NOTICE}:
        return _file_report(row, mail)
    case = _case_of(row, mail)
    if mail.kind is MailKind.AUTO_REPLY:
        return Filed(MailOutcome.AUTO_REPLY, None if case is None else case.pk)
    if mail.kind is MailKind.LIST:
        return Quarantine(
            "It came through a mailing list or as bulk mail: a person must decide whether it is a complaint."
        )
    sender = normalise_email(sender_of(mail, row.envelope_from).address)
    if not sender:
        return Quarantine("No sender's address could be read, so nobody could be answered.")
    if _is_our_own(sender):
        return Quarantine("It comes from our own address: answering it would go round in circles.")
    strayed = case is not None and sender not in known_addresses(case)
    if strayed and _strayed_lately(sender) >= STRAYED_PER_HOUR:
        return Quarantine(
            "This sender has answered our messages many times in an hour: it looks like two programs talking."
        )
    return file_as_message(row, mail, fingerprint)


def file_as_message(row: RawMail, mail: ParsedMail, fingerprint: str) -> Filed:
    """File a person's message as a reply or as a new complaint.

    Raises:
        AmendsError: there is nothing in it, or it is too long.
    """
    sender = sender_of(mail, row.envelope_from)
    case = _case_of(row, mail)
    if case is not None and normalise_email(sender.address) in known_addresses(case):
        return _reply(row, mail, case, sender)
    return _complaint(row, mail, fingerprint, sender, strayed_from=case)


def sender_of(mail: ParsedMail, envelope_from: str) -> Address:
    """Who wrote it; the envelope's sender only when the mail names nobody."""
    if mail.from_ is not None and mail.from_.address:
        return mail.from_
    name = mail.from_.name if mail.from_ else ""
    return Address(name, envelope_from if "@" in envelope_from else "")


def _reply(row: RawMail, mail: ParsedMail, case: Complaint, sender: Address) -> Filed:
    message = receive_message(
        actor=customer_actor(complaint_id=case.pk, name=clean_line(sender.name)[:300]),
        complaint_id=case.pk,
        channel="email",
        text=mail.reply_text or mail.text or mail.subject,
        html=mail.html or "",
        subject=mail.subject,
        from_name=sender.name,
        from_address=normalise_email(sender.address),
        message_id=identity.bare(mail.message_id or ""),
        in_reply_to=identity.bare(mail.in_reply_to or ""),
        files=_files(mail),
        received_at=row.received_at,
    )
    return Filed(MailOutcome.REPLY, case.pk, message.pk)


def _complaint(
    row: RawMail, mail: ParsedMail, fingerprint: str, sender: Address, *, strayed_from: Complaint | None
) -> Filed:
    attributes: dict[str, str] = {}
    if strayed_from is not None:
        # For the staff alone: the sender may know the case, or may have been forwarded a mail of it.
        attributes["mentions_case"] = strayed_from.reference or ""
    if not mail.answerable:
        attributes[NO_ANSWER] = "no"
    registration = register(
        actor=SYSTEM,
        new=NewComplaint(
            channel="email",
            complainant=Person(name=clean_line(sender.name)[:300], email=sender.address[:320]),
            unit_id=row.unit_id or _unit_written_to(identity.addressees(mail, row.envelope_to)),
            subject=shorten(mail.subject, 500),
            text=mail.text,
            html=mail.html or "",
            attributes=attributes,
            source="email",
            key=fingerprint,
            merge_same_words=True,
            received_at=row.received_at,
            message_id=identity.bare(mail.message_id or "")[:500],
            files=_files(mail),
        ),
    )
    outcome = MailOutcome.COMPLAINT if registration.created else MailOutcome.DUPLICATE
    return Filed(outcome, registration.complaint.pk, strayed=strayed_from is not None and registration.created)


def _is_our_own(address: str) -> bool:
    """Whether we send from this address ourselves."""
    if address == normalise_email(settings.AMENDS_MAILBOX) or read_reply_address(address) is not None:
        return True
    return Unit.objects.filter(sender_email__iexact=address).exists()


def _unit_written_to(addresses: list[str]) -> int:
    """The unit whose own address the mail was sent to; the organisation when it is none of them."""
    wanted = [normalise_email(address) for address in addresses]
    unit = (
        Unit.objects.annotate(own=Lower("sender_email"), door=Lower("inbound_address"))
        .filter((Q(own__in=wanted) & ~Q(own="")) | (Q(door__in=wanted) & ~Q(door="")))
        .order_by("-path")
        .first()
    )
    return (unit or root_unit()).pk


def _file_report(row: RawMail, mail: ParsedMail) -> Filed:
    """Mark the message of ours that a delivery report is about, when it can be found."""
    outcome = MailOutcome.BOUNCE if mail.kind is MailKind.BOUNCE else MailOutcome.DELIVERY_NOTICE
    message = _reported_message(row, mail)
    if message is None:
        return Filed(outcome)
    if mail.kind is MailKind.BOUNCE and mail.bounce is not None:
        kind = "for good" if mail.bounce.hard else "for now"
        reason = f"Not delivered {kind} ({mail.bounce.status or 'no status given'})."
        mark_failed(message_id=message.pk, reason=reason, state=MessageState.BOUNCED)
    return Filed(outcome, message.complaint_id, message.pk)


def _reported_message(row: RawMail, mail: ParsedMail) -> Message | None:
    """By the identifier of the returned message; else the last one to that recipient in the case of the token."""
    returned = mail.bounce.message_ids if mail.bounce else ()
    for message_id in (*(identity.bare(one) for one in returned), *identity.answered_ids(mail)):
        message = message_by_message_id(message_id)
        if message is not None:
            return message
    case = _case_by_address(row, mail)
    if case is None or mail.bounce is None or not mail.bounce.recipient:
        return None
    sent = Message.objects.filter(
        complaint=case, direction="out", channel="email", to_address=normalise_email(mail.bounce.recipient)
    )
    return sent.filter(state__in=[MessageState.SENDING, MessageState.SENT]).order_by("-id").first()


def _case_of(row: RawMail, mail: ParsedMail) -> Complaint | None:
    """The case whose secret the mail carries, whoever sent it."""
    case = _case_by_address(row, mail)
    if case is not None:
        return case
    for message_id in identity.answered_ids(mail):
        message = message_by_message_id(message_id)
        if message is not None:
            return message.complaint
    return None


def _case_by_address(row: RawMail, mail: ParsedMail) -> Complaint | None:
    for address in identity.addressees(mail, row.envelope_to):
        public_id = read_reply_address(address)
        case = None if public_id is None else complaint_by_public_id(public_id)
        if case is not None:
            return case
    return None


def _strayed_lately(sender: str) -> int:
    since = clock.now() - timedelta(hours=1)
    return RawMail.objects.filter(strayed=True, sender=sender, received_at__gt=since).count()


def _files(mail: ParsedMail) -> list[NewFile]:
    return [
        NewFile(name=one.name, content_type=sniffed_type(one), data=one.data, content_id=one.content_id or "")
        for one in mail.attachments
    ]


def sniffed_type(attachment: Attachment) -> str:
    """The type the bytes show; the declared one only for text, which has no mark."""
    import puremagic

    try:
        found = str(puremagic.from_string(attachment.data[:65536], mime=True)) if attachment.data else ""
    except (puremagic.PureError, ValueError):
        found = ""
    if found:
        return found[:150]
    declared = attachment.type
    return declared[:150] if declared.startswith(("text/", "message/")) else "application/octet-stream"
