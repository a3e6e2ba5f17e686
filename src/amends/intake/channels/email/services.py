"""The verbs of incoming mail: keep it, understand it, release it from quarantine, discard it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict, NotFound
from amends.core.text import clean_line, normalise_email
from amends.intake.channels.email import filing, identity
from amends.intake.channels.email.filing import Filed, Quarantine
from amends.intake.channels.email.model import ParsedMail
from amends.intake.channels.email.models import MailOutcome, MailState, RawMail
from amends.intake.channels.email.parsing import parse

log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often a mail that makes us stumble is tried before it goes into quarantine."""
LEFT_BEHIND = timedelta(seconds=30)


def store(*, raw: bytes, envelope_from: str, envelope_to: Sequence[str], source: str = "smtp") -> int:
    """Keep a mail and the job that will read it, in one transaction; returns its id once it is committed.

    Only after this the sender may be told that we have it.
    """
    from amends.intake.channels.email import jobs

    with transaction.atomic():
        mail = RawMail.objects.create(
            source=source,
            envelope_from=clean_line(envelope_from)[:320],
            envelope_to=[clean_line(address)[:320] for address in envelope_to],
            size=len(raw),
            sha256=hashlib.sha256(raw).hexdigest(),
            data=raw,
        )
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
        _file_kept(row)
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


def _file_kept(row: RawMail) -> None:
    """Parse outside, decide and write inside the transaction; copies of one mail wait for each other."""
    raw = bytes(row.data)
    mail = parse(raw)
    fingerprint = identity.fingerprint(raw, mail)
    with transaction.atomic():
        _one_at_a_time(fingerprint)
        locked = RawMail.objects.select_for_update().defer("data").get(pk=row.pk)
        if locked.state != MailState.RECEIVED:
            return
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
            filed: Filed | Quarantine = Filed(MailOutcome.DUPLICATE, first.complaint_id, first.case_message_id)
        else:
            filed = filing.file_mail(locked, mail, fingerprint)
        _write(row.pk, filed, described)


def _described(mail: ParsedMail, row: RawMail, fingerprint: str) -> dict[str, str]:
    """The columns that let people find the mail in a list."""
    return {
        "sender": normalise_email(filing.sender_of(mail, row.envelope_from).address)[:320],
        "subject": clean_line(mail.subject)[:500],
        "message_id": identity.bare(mail.message_id or "")[:500],
        "fingerprint": fingerprint,
    }


def _one_at_a_time(fingerprint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7303))", [fingerprint])


def _write(raw_mail_id: int, filed: Filed | Quarantine, described: dict[str, str]) -> None:
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


def _quarantined(actor: Actor, raw_mail_id: int) -> RawMail:
    """The mail in quarantine, locked.

    Raises:
        NotFound: there is none with this id.
        Conflict: a colleague was faster.
    """
    actor.require(Permission.QUARANTINE_WORK)
    row = RawMail.objects.select_for_update().filter(pk=raw_mail_id).first()
    if row is None:
        raise NotFound
    if row.state != MailState.QUARANTINED:
        raise Conflict("This mail is no longer in quarantine: a colleague has dealt with it.")
    return row


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


def discard(*, actor: Actor, raw_mail_id: int) -> None:
    """Take a mail out of the quarantine without making anything of it. Its bytes stay.

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
