"""The verbs of incoming mail: keep it, understand it, release it from quarantine, discard it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet

from amends.accounts.public import Actor, Permission, Unit, root_unit
from amends.audit.public import record
from amends.cases.public import NewComplaint, NewFile, Person, register
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict, NotFound
from amends.core.text import clean, clean_line, normalise_email, shorten
from amends.core.together import piece_of_work
from amends.intake.channels.email import addressed, filing, identity
from amends.intake.channels.email.filing import Filed, Quarantine
from amends.intake.channels.email.model import ParsedMail
from amends.intake.channels.email.models import Mailbox, MailOutcome, MailState, RawMail
from amends.intake.channels.email.parsing import parse
from amends.intake.channels.email.tally import count_accepted

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a mail that makes us stumble is tried before it goes into quarantine."""
LEFT_BEHIND = timedelta(seconds=30)


def store(
    *,
    raw: bytes,
    envelope_from: str,
    envelope_to: Sequence[str],
    source: str = "smtp",
    mailbox: Mailbox | None = None,
    quarantine: str = "",
) -> int:
    """Keep a mail, count it, and defer the job that will read it, in one transaction; returns its id.

    Only after the commit the sender may be told that we have it. With `quarantine`, a sentence that says why, the mail
    waits for a person instead of a job.
    """
    from amends.intake.channels.email import jobs

    with transaction.atomic():
        mail = RawMail.objects.create(
            source=source,
            mailbox=mailbox,
            unit_id=None if mailbox is None else mailbox.unit_id,
            envelope_from=clean_line(envelope_from)[:320],
            envelope_to=[clean_line(address)[:320] for address in envelope_to],
            size=len(raw),
            sha256=hashlib.sha256(raw).hexdigest(),
            data=raw,
        )
        count_accepted(source)
        if quarantine:
            _quarantine(mail.pk, quarantine)
        else:
            jobs.process_mail.defer(raw_mail_id=mail.pk)
    return mail.pk


def process(*, raw_mail_id: int) -> str:
    """Understand a kept mail and file it; safe to call again and at the same time. Returns the state it is in.

    A mail that cannot be filed goes into quarantine, where people see it: after a refusal at once, after an
    unexpected mistake of ours when some attempts have failed. One bad mail never stops the others.
    """
    row = RawMail.objects.filter(pk=raw_mail_id).first()
    if row is None or row.state != MailState.RECEIVED:
        return "" if row is None else row.state
    try:
        return _file_kept(row)
    except (OperationalError, InterfaceError):
        raise  # the database, not the mail: the job is tried again
    except AmendsError as refusal:
        _quarantine(raw_mail_id, refusal.message)
    except Exception as mistake:
        # Whatever a mail can do to us, it must end where a person sees it.
        log.exception("mail_not_processed", extra={"raw_mail": raw_mail_id})
        RawMail.objects.filter(pk=raw_mail_id).update(attempts=F("attempts") + 1)
        if row.attempts + 1 < ATTEMPTS:
            raise
        _quarantine(raw_mail_id, f"Amends could not process this mail ({type(mistake).__name__}).")
    return RawMail.objects.values_list("state", flat=True).get(pk=raw_mail_id)


def _file_kept(row: RawMail) -> str:
    """Parse outside, decide and write inside the transaction; copies of one mail wait for each other. The mail's state."""
    raw = bytes(row.data)
    mail = parse(raw)
    fingerprint = identity.fingerprint(raw, mail)
    with piece_of_work():
        _one_at_a_time(fingerprint)
        locked = RawMail.objects.select_for_update().defer("data").get(pk=row.pk)
        if locked.state != MailState.RECEIVED:
            return locked.state
        described = _described(mail, locked, fingerprint)
        first = (
            RawMail.objects.filter(fingerprint=fingerprint, state=MailState.STORED)
            .exclude(pk=row.pk)
            .exclude(outcome=MailOutcome.DISCARDED)
            .defer("data")
            .order_by("pk")
            .first()
        )
        if first is not None:
            filed: Filed | Quarantine = filing.file_copy(locked, mail, fingerprint, first)
        else:
            filed = filing.file_mail(locked, mail, fingerprint)
        _write(row.pk, filed, described)
    return MailState.QUARANTINED if isinstance(filed, Quarantine) else MailState.STORED


def _described(mail: ParsedMail, row: RawMail, fingerprint: str) -> dict[str, object]:
    """The columns that let people find the mail in a list."""
    return {
        "sender": normalise_email(filing.sender_of(mail, row.envelope_from).address)[:320],
        "subject": clean_line(mail.subject)[:500],
        "message_id": identity.bare(mail.message_id or "")[:500],
        "fingerprint": fingerprint,
        "unit_id": row.unit_id or next(iter(addressed.own_units(identity.addressees(mail, row.envelope_to))), None),
    }


def _one_at_a_time(fingerprint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7303))", [fingerprint])


def _write(raw_mail_id: int, filed: Filed | Quarantine, described: Mapping[str, object]) -> None:
    values: dict[str, object] = {**described, "handled_at": clock.now()}
    if isinstance(filed, Quarantine):
        values |= {"state": MailState.QUARANTINED, "outcome": "", "reason": clean_line(filed.reason)[:500]}
    else:
        values |= {
            "state": MailState.STORED,
            "outcome": filed.outcome,
            "reason": "",
            "complaint_id": filed.complaint_id,
            "case_message_id": filed.message_id,
            "strayed": filed.strayed,
        }
    RawMail.objects.filter(pk=raw_mail_id).update(**values)


def _quarantine(raw_mail_id: int, reason: str) -> None:
    """Set a mail aside, with the little that is known of it; the transaction that tried to file it is rolled back."""
    row = RawMail.objects.get(pk=raw_mail_id)
    try:
        described = _described(parse(bytes(row.data)), row, "")
    except Exception:
        log.exception("mail_not_described", extra={"raw_mail": raw_mail_id})
        described = {}
    with transaction.atomic():
        if RawMail.objects.select_for_update().defer("data").get(pk=raw_mail_id).state == MailState.RECEIVED:
            _write(raw_mail_id, Quarantine(reason), described)


def visible_quarantine(actor: Actor) -> QuerySet[RawMail]:
    """The mails in quarantine that this actor may see: those for units they see, and those for no unit in particular
    when they see the whole organisation. Without the bytes."""
    rows = RawMail.objects.filter(state=MailState.QUARANTINED).defer("data")
    if actor.kind == "system" or actor.unit_ids is None:
        return rows
    root = Unit.objects.filter(parent=None).values_list("pk", flat=True).first()
    nobody = Q(unit=None) if root is not None and root in actor.unit_ids else Q(pk=None)
    return rows.filter(Q(unit__in=actor.unit_ids) | nobody)


def _quarantined(actor: Actor, raw_mail_id: int) -> RawMail:
    """The mail in quarantine, locked.

    Raises:
        NotFound: there is none with this id, or it is not for a unit that the actor sees.
        Conflict: a colleague was faster.
    """
    actor.require(Permission.QUARANTINE_WORK)
    row = RawMail.objects.select_for_update().filter(pk=raw_mail_id).first() if 0 < raw_mail_id < 2**63 else None
    if row is None or not _sees(actor, row):
        raise NotFound
    if row.state != MailState.QUARANTINED:
        raise Conflict("This mail is no longer in quarantine: a colleague has dealt with it.")
    return row


def _sees(actor: Actor, row: RawMail) -> bool:
    """Mail for no unit in particular is for those who see the whole organisation."""
    return actor.sees_unit(row.unit_id if row.unit_id is not None else root_unit().pk)


def release(*, actor: Actor, raw_mail_id: int) -> RawMail:
    """Make a complaint (or a reply) of a mail in quarantine, whatever its kind or sender.

    Raises:
        BadInput: there is nothing in it that could be a complaint.
        Conflict: it is no longer in quarantine.
        NotFound: there is no such mail.
    """
    with transaction.atomic():
        row = _quarantined(actor, raw_mail_id)
        raw = bytes(row.data)
        mail = parse(raw)
        fingerprint = identity.fingerprint(raw, mail)
        filed = filing.file_as_message(row, mail, fingerprint)
        if filed.complaint_id is None:
            raise BadInput("There is nothing in this mail that could become a complaint.")
        _write(row.pk, filed, _described(mail, row, fingerprint))
        record(actor=actor, chain="mail", kind="mail_released", data={"mail": row.pk, "complaint": filed.complaint_id})
    row.refresh_from_db()
    return row


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person read in a mail that Amends could not read."""

    unit_id: int
    name: str
    email: str
    subject: str
    text: str


def register_by_hand(*, actor: Actor, raw_mail_id: int, given: ByHand) -> RawMail:
    """Register a mail in quarantine as a complaint with what a person read in it; the mail itself is a file of the case.

    Raises:
        BadInput: a value is missing or wrong.
        Conflict: it is no longer in quarantine.
        NotFound: there is no such mail.
    """
    name, email = clean_line(given.name)[:300], normalise_email(given.email)
    if not (name or email):
        raise BadInput("Say who wrote it: a name or an e-mail address.", field="name")
    if email and ("@" not in email.strip("@") or " " in email):
        raise BadInput("This is not an e-mail address.", field="email")
    if not clean(given.text).strip():
        raise BadInput("Write down what the mail says.", field="text")
    with transaction.atomic():
        row = _quarantined(actor, raw_mail_id)
        if not actor.sees_unit(given.unit_id):
            raise BadInput("Choose the unit that the complaint is about.", field="unit")
        raw = bytes(row.data)
        files = [NewFile(name=f"mail-{row.pk}.eml", content_type="message/rfc822", data=raw)] if raw else []
        registration = register(
            actor=actor,
            new=NewComplaint(
                channel="email",
                complainant=Person(name=name, email=email),
                unit_id=given.unit_id,
                subject=shorten(given.subject, 500),
                text=given.text,
                source="email",
                key=f"by-hand:{row.pk}",
                received_at=row.received_at,
                files=files,
            ),
        )
        complaint = registration.complaint
        described = {"sender": email[:320], "subject": clean_line(given.subject)[:500], "unit_id": given.unit_id}
        _write(row.pk, Filed(MailOutcome.COMPLAINT, complaint.pk), described)
        record(actor=actor, chain="mail", kind="mail_registered", data={"mail": row.pk, "complaint": complaint.pk})
    row.refresh_from_db()
    return row


def try_again(*, actor: Actor, raw_mail_id: int) -> None:
    """Have a mail in quarantine read once more from its bytes: after an update, or when what hindered it is gone.

    One that could not be fetched from its mailbox is fetched again; it stays in quarantine until that has worked.

    Raises:
        Conflict: it is no longer in quarantine.
        NotFound: there is no such mail.
    """
    from amends.intake.channels.email import jobs
    from amends.intake.channels.email.incoming import cursor

    with transaction.atomic():
        row = _quarantined(actor, raw_mail_id)
        if not cursor.fetch_again(raw_mail_id=row.pk):
            RawMail.objects.filter(pk=row.pk).update(state=MailState.RECEIVED, reason="", attempts=0, handled_at=None)
            jobs.process_mail.defer(raw_mail_id=row.pk)
        record(actor=actor, chain="mail", kind="mail_tried_again", data={"mail": row.pk})


def discard(*, actor: Actor, raw_mail_id: int) -> None:
    """Take a mail that is no complaint out of the quarantine. Its bytes stay.

    Raises:
        Conflict: it is no longer in quarantine.
        NotFound: there is no such mail.
    """
    with transaction.atomic():
        row = _quarantined(actor, raw_mail_id)
        RawMail.objects.filter(pk=row.pk).update(
            state=MailState.STORED, outcome=MailOutcome.DISCARDED, handled_at=clock.now()
        )
        record(actor=actor, chain="mail", kind="mail_discarded", data={"mail": row.pk, "sha256": row.sha256})


def left_behind() -> list[int]:
    """Ids of mails whose job is gone: received a while ago and still not filed."""
    before = clock.now() - LEFT_BEHIND
    waiting = RawMail.objects.filter(state=MailState.RECEIVED, received_at__lt=before)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:500])
