"""Where a mail belongs: a new complaint, a reply in a case, a note, a report about a message of ours, or a person's decision.

Runs inside the transaction of `services.process`. A reply joins a case only when it names that case (`threads`) AND comes
from somebody who belongs to it. A colleague's mail becomes an internal note. What names a case but comes from anybody
else waits in the list "somebody else wrote": nothing ever lands in another customer's case, and nothing is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Unit, User, customer_actor
from amends.cases.public import (
    AnswerTo,
    Complaint,
    LinkKind,
    NewComplaint,
    NewFile,
    Person,
    alert,
    known_addresses,
    link_cases,
    note_by_mail,
    our_words,
    read_reply_address,
    receive_message,
    register,
)
from amends.core import clock
from amends.core.text import clean_line, normalise_email, shorten
from amends.core.together import known
from amends.intake.channels.email import addressed, identity, reports, threads
from amends.intake.channels.email.difference import marked
from amends.intake.channels.email.model import Address, Attachment, MailKind, ParsedMail, Protection
from amends.intake.channels.email.models import MailOutcome, RawMail
from amends.intake.channels.email.outbox import NO_ANSWER
from amends.intake.channels.email.reply_text import reply_text
from amends.intake.channels.email.thanks import only_thanks
from amends.intake.following import place_of_answer

STRAYED_PER_HOUR = 5
"""Answers to a case from a foreign address within an hour: more than this is a loop between two programs."""
SOMEBODY_ELSE = "Somebody else wrote: the mail names a case, but its sender does not belong to it."


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
        outcome, case, message_id = reports.file_report(row, mail)
        return Filed(outcome, None if case is None else case.pk, message_id)
    sender = normalise_email(sender_of(mail, row.envelope_from).address)
    found = threads.find_case(row, mail, sender)
    if mail.kind is MailKind.AUTO_REPLY:
        case = None if found is None else found.case
        away = case is not None and threads.colleague(sender, case) is not None
        reports.file_auto_reply(row, case, of_colleague=away)
        return Filed(MailOutcome.AUTO_REPLY, None if case is None else case.pk)
    if mail.kind is MailKind.LIST:
        return Quarantine(
            "It came through a mailing list or as bulk mail: a person must decide whether it is a complaint."
        )
    if not sender:
        return Quarantine("No sender's address could be read, so nobody could be answered.")
    if _is_our_own(sender):
        return Quarantine("It comes from our own address: answering it would go round in circles.")
    if found is not None and sender not in known_addresses(found.case):
        user = threads.colleague(sender, found.case)
        return _note(row, mail, found.case, user) if user else _somebody_else(row, found.case, sender)
    return file_as_message(row, mail, fingerprint)


def _somebody_else(row: RawMail, case: Complaint, sender: str) -> Quarantine:
    """Set it aside for a decision, and tell the people of the case. Nothing of it lands in the case."""
    if _strayed_lately(sender) >= STRAYED_PER_HOUR:
        return Quarantine(
            "This sender has answered our messages many times in an hour: it looks like two programs talking."
        )
    RawMail.objects.filter(pk=row.pk).update(complaint=case, strayed=True)
    alert(
        case,
        kind="somebody_else_wrote",
        what=lambda: _("somebody who does not belong to the case wrote; decide what becomes of it"),
        key=f"somebody_else:{row.pk}",
        url=f"/mail/others/{row.pk}/",
    )
    return Quarantine(SOMEBODY_ELSE)


def file_as_message(row: RawMail, mail: ParsedMail, fingerprint: str) -> Filed:
    """File a person's message as a reply or as a new complaint.

    Raises:
        AmendsError: there is nothing in it, or it is too long.
    """
    sender = sender_of(mail, row.envelope_from)
    address = normalise_email(sender.address)
    found = threads.find_case(row, mail, address)
    if found is not None and address in known_addresses(found.case):
        return file_in_case(row, mail, found.case, fingerprint)
    return file_as_complaint(row, mail, fingerprint, strayed_from=None if found is None else found.case)


def file_in_case(row: RawMail, mail: ParsedMail, case: Complaint, fingerprint: str) -> Filed:
    """File it as the customer's word in this case; long after the closing, as a case of its own that goes on from it."""
    sender = sender_of(mail, row.envelope_from)
    case, answer = place_of_answer(case, address=normalise_email(sender.address))
    if answer is AnswerTo.FOLLOWS:
        return _follow_up(row, mail, fingerprint, case)
    text = new_text(mail, case)
    people = (case.customer.name, case.owner.name if case.owner else "", case.unit.name)
    message = receive_message(
        actor=customer_actor(complaint_id=case.pk, name=clean_line(sender.name)[:300]),
        complaint_id=case.pk,
        channel="email",
        text=text or mail.text or mail.subject,
        html=mail.html or "",
        subject=mail.subject,
        from_name=sender.name,
        from_address=normalise_email(sender.address),
        message_id=identity.bare(mail.message_id or ""),
        in_reply_to=identity.bare(mail.in_reply_to or ""),
        files=_files(mail),
        received_at=row.received_at,
        reopens=answer is AnswerTo.REOPENS and bool(mail.attachments or not only_thanks(text, names=people)),
        protection=protection_word(mail.protection),
        source_mail=row.pk,
    )
    return Filed(MailOutcome.REPLY, case.pk, message.pk)


def _note(row: RawMail, mail: ParsedMail, case: Complaint, user: User) -> Filed:
    """A colleague's mail about a case: an internal note. What they forward stays whole."""
    sender = sender_of(mail, row.envelope_from)
    text = mail.text if mail.original is not None else new_text(mail, case)
    message = note_by_mail(
        complaint_id=case.pk,
        user_id=user.pk,
        name=user.name,
        address=normalise_email(sender.address),
        text=text or mail.text or mail.subject,
        html=mail.html or "",
        subject=mail.subject,
        message_id=identity.bare(mail.message_id or ""),
        files=_files(mail),
        received_at=row.received_at,
        protection=protection_word(mail.protection),
        source_mail=row.pk,
    )
    return Filed(MailOutcome.REPLY, case.pk, message.pk)


def new_text(mail: ParsedMail, case: Complaint) -> str:
    """What was written this time: first by the difference to what we sent, else by the signs of quotes."""
    compared = marked(mail.text, our_words(case))
    if compared is not None:
        text = reply_text(compared)
        if any(line.strip() and not line.startswith(">") for line in text.split("\n")):
            return text
    return mail.reply_text


def sender_of(mail: ParsedMail, envelope_from: str) -> Address:
    """Who wrote it; the envelope's sender only when the mail names nobody."""
    if mail.from_ is not None and mail.from_.address:
        return mail.from_
    name = mail.from_.name if mail.from_ else ""
    return Address(name, envelope_from if "@" in envelope_from else "")


def _follow_up(row: RawMail, mail: ParsedMail, fingerprint: str, case: Complaint) -> Filed:
    """An answer long after the closing: a new case of the same people and unit, linked to the old one."""
    sender = sender_of(mail, row.envelope_from)
    address = normalise_email(sender.address)
    represents = case.representative is not None and address == case.representative.email
    writer = Person(name=clean_line(sender.name)[:300] or case.customer.name, email=address)
    customer = Person(name=case.customer.name, email=case.customer.email, language=case.customer.language)
    registration = register(
        actor=SYSTEM,
        new=_new_complaint(
            row,
            mail,
            complainant=customer if represents or address == case.customer.email else writer,
            representative=writer if represents else None,
            unit_id=case.unit_id,
            text=new_text(mail, case) or mail.text,
            product=case.product.name if case.product else case.product_text,
            key=fingerprint,
        ),
    )
    new = registration.complaint
    if registration.created:
        link_cases(actor=SYSTEM, complaint_id=new.pk, other_id=case.pk, kind=LinkKind.FOLLOWS)
    outcome = MailOutcome.COMPLAINT if registration.created else MailOutcome.DUPLICATE
    return Filed(outcome, new.pk, _first_message(new))


def file_as_complaint(
    row: RawMail, mail: ParsedMail, fingerprint: str, *, strayed_from: Complaint | None = None
) -> Filed:
    """Register it; one mail to the addresses of several units becomes a case in each of them, linked with each other."""
    attributes: dict[str, str] = {}
    if strayed_from is not None:
        # For the staff alone: the sender may know the case, or may have been forwarded a mail of it.
        attributes["mentions_case"] = strayed_from.reference or ""
    writer, subject, text = _writer(row, mail, attributes)
    first: Complaint | None = None
    outcome = MailOutcome.DUPLICATE
    for unit_id in addressed.units(identity.addressees(mail, row.envelope_to), row.unit_id):
        registration = register(
            actor=SYSTEM,
            new=_new_complaint(
                row,
                mail,
                complainant=writer,
                unit_id=unit_id,
                subject=subject,
                text=text,
                attributes=attributes,
                key=fingerprint if first is None else f"{fingerprint}:{unit_id}",
                merge_same_words=first is None,
            ),
        )
        if registration.created:
            outcome = MailOutcome.COMPLAINT
        if first is None:
            first = registration.complaint
        elif registration.created:
            link_cases(actor=SYSTEM, complaint_id=registration.complaint.pk, other_id=first.pk, kind=LinkKind.SAME_MAIL)
    assert first is not None  # there is always a unit: the organisation itself
    strayed = strayed_from is not None and outcome == MailOutcome.COMPLAINT
    return Filed(outcome, first.pk, _first_message(first), strayed=strayed)


def file_copy(row: RawMail, mail: ParsedMail, fingerprint: str, first: RawMail) -> Filed:
    """A further copy of a mail that was filed: nothing new, unless it was delivered to another unit as well."""
    known = Filed(MailOutcome.DUPLICATE, first.complaint_id, first.case_message_id)
    case = first.complaint
    if first.outcome != MailOutcome.COMPLAINT or case is None:
        return known
    have = addressed.units_with_this_mail(case)
    missing = [one for one in addressed.own_units(row.envelope_to, row.unit_id) if one not in have]
    for unit_id in missing:
        attributes: dict[str, str] = {}
        writer, subject, text = _writer(row, mail, attributes)
        registration = register(
            actor=SYSTEM,
            new=_new_complaint(
                row,
                mail,
                complainant=writer,
                unit_id=unit_id,
                subject=subject,
                text=text,
                attributes=attributes,
                key=f"{fingerprint}:{unit_id}",
            ),
        )
        new = registration.complaint
        if registration.created:
            link_cases(actor=SYSTEM, complaint_id=new.pk, other_id=case.pk, kind=LinkKind.SAME_MAIL)
            known = Filed(MailOutcome.COMPLAINT, new.pk, _first_message(new))
    return known


def _writer(row: RawMail, mail: ParsedMail, attributes: dict[str, str]) -> tuple[Person, str, str]:
    """Who complains, about what, in which words. What a colleague forwards is the complaint of who wrote it first."""
    sender = sender_of(mail, row.envelope_from)
    person = Person(name=clean_line(sender.name)[:300], email=sender.address[:320])
    original = mail.original
    if original is None or original.from_ is None or not original.from_.address or _is_our_own(original.from_.address):
        return person, mail.subject, mail.text
    address = normalise_email(sender.address)
    if not User.objects.filter(email__iexact=address, is_active=True).exists():
        attributes["forwarded_from"] = f"{original.from_.name} <{original.from_.address}>".strip()[:400]
        return person, mail.subject, mail.text
    attributes["forwarded_by"] = address
    first = Person(name=clean_line(original.from_.name)[:300], email=normalise_email(original.from_.address)[:320])
    return first, original.subject or mail.subject, original.text or mail.text


def _new_complaint(
    row: RawMail,
    mail: ParsedMail,
    *,
    complainant: Person,
    unit_id: int,
    text: str,
    key: str,
    subject: str = "",
    representative: Person | None = None,
    product: str = "",
    attributes: dict[str, str] | None = None,
    merge_same_words: bool = False,
) -> NewComplaint:
    marks = dict(attributes or {})
    if not mail.answerable:
        marks[NO_ANSWER] = "no"
    return NewComplaint(
        channel="email",
        complainant=complainant,
        representative=representative,
        unit_id=unit_id,
        subject=shorten(subject or mail.subject, 500),
        text=text,
        html=mail.html or "",
        product=product[:300],
        attributes=marks,
        source="email",
        key=key,
        merge_same_words=merge_same_words,
        received_at=row.received_at,
        message_id=identity.bare(mail.message_id or "")[:500],
        files=_files(mail),
        protection=protection_word(mail.protection),
        source_mail=row.pk,
    )


def _first_message(complaint: Complaint) -> int | None:
    first = complaint.messages.order_by("pk").values_list("pk", flat=True)
    return known(("first_message", complaint.pk)) or first.first()


def _is_our_own(address: str) -> bool:
    """Whether we send from this address ourselves."""
    address = normalise_email(address)
    if address == normalise_email(settings.AMENDS_MAILBOX) or read_reply_address(address) is not None:
        return True
    return Unit.objects.filter(sender_email__iexact=address).exists()


def _strayed_lately(sender: str) -> int:
    since = clock.now() - timedelta(hours=1)
    return RawMail.objects.filter(strayed=True, sender=sender, received_at__gt=since).count()


def protection_word(protection: Protection | None) -> str:
    """`smime_signed`, `pgp_encrypted`, `pgp_both`…; empty for ordinary mail."""
    return "" if protection is None else f"{protection.scheme}_{protection.state}"


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
