"""How far each mailbox is read: the verbs that keep a message and move the cursor, in one transaction for each message."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Q

from amends.core import clock
from amends.core.text import shorten
from amends.intake.channels.email import services
from amends.intake.channels.email.models import Mailbox, MailOutcome, MailState, PulledMail, PulledState, RawMail

RETRIES: Final = (timedelta(minutes=1), timedelta(minutes=10))
"""When a message that could not be fetched is tried again; then it goes into quarantine as one that could not."""
CONTACT_EVERY: Final = timedelta(seconds=20)


def begin_numbering(*, mailbox_id: int, uid_validity: int) -> Mailbox:
    """Compare the folder's numbering with the one we know; a new one starts from its first message again."""
    with transaction.atomic():
        mailbox = Mailbox.objects.select_for_update().get(pk=mailbox_id)
        if mailbox.uid_validity != uid_validity:
            mailbox.uid_validity = uid_validity
            mailbox.epoch += 1
            mailbox.last_uid = 0
            mailbox.save(update_fields=["uid_validity", "epoch", "last_uid"])
        if mailbox.first_contact_at is None:
            mailbox.first_contact_at = clock.now()
            mailbox.save(update_fields=["first_contact_at"])
    return mailbox


def keep(*, mailbox: Mailbox, uid: int, raw: bytes, problem: str = "") -> bool:
    """Keep one message and move the cursor past it, both or neither; True when the mail is new to us.

    The same bytes under an older numbering of this folder are the same mail, once for each time they were there: two
    mails with equal bytes stay two. With `problem` the mail goes into quarantine at once.
    """
    digest = hashlib.sha256(raw).hexdigest()
    with transaction.atomic():
        row, mine = _claim(mailbox, uid)
        if not mine:
            return False
        earlier = None if problem else _same_before(mailbox, digest)
        if earlier is not None:
            PulledMail.objects.filter(pk=earlier.pk).update(renewed=True)
            raw_mail_id = earlier.raw_mail_id
        else:
            raw_mail_id = services.store(
                raw=raw,
                envelope_from="",
                envelope_to=[mailbox.address] if mailbox.address else [],
                source="imap",
                mailbox=mailbox,
                quarantine=problem,
            )
        _replace_placeholder(row)
        PulledMail.objects.filter(pk=row.pk).update(
            state=PulledState.KEPT, raw_mail_id=raw_mail_id, sha256=digest, next_try_at=None, problem=problem[:300]
        )
        _move(mailbox, uid)
    return earlier is None


def _claim(mailbox: Mailbox, uid: int) -> tuple[PulledMail, bool]:
    """The row of this message, locked, and whether it is still to be kept: another process may have been faster."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_pulledmail (mailbox_id, epoch, uid, state, sha256, renewed, attempts, problem, seen_at) "
            "VALUES (%s, %s, %s, %s, '', false, 0, '', %s) ON CONFLICT (mailbox_id, epoch, uid) DO NOTHING",
            [mailbox.pk, mailbox.epoch, uid, PulledState.FAILING, clock.now()],
        )
    row = PulledMail.objects.select_for_update().get(mailbox=mailbox, epoch=mailbox.epoch, uid=uid)
    return row, row.state in {PulledState.FAILING, PulledState.FAILED}


def _same_before(mailbox: Mailbox, digest: str) -> PulledMail | None:
    same = PulledMail.objects.select_for_update().filter(mailbox=mailbox, sha256=digest, renewed=False)
    return same.filter(state=PulledState.KEPT).exclude(epoch=mailbox.epoch).order_by("pk").first()


def _replace_placeholder(row: PulledMail) -> None:
    """The mail came after all: what stood in the quarantine for it is done with."""
    if row.raw_mail_id is not None:
        RawMail.objects.filter(pk=row.raw_mail_id, state=MailState.QUARANTINED).update(
            state=MailState.STORED, outcome=MailOutcome.DISCARDED, handled_at=clock.now()
        )


def _move(mailbox: Mailbox, uid: int) -> None:
    Mailbox.objects.filter(pk=mailbox.pk, epoch=mailbox.epoch, last_uid__lt=uid).update(last_uid=uid)


def note_failure(*, mailbox: Mailbox, uid: int, problem: str) -> None:
    """A message could not be fetched: the rest goes on, it is tried again, and at last a person is told of it."""
    with transaction.atomic():
        row, mine = _claim(mailbox, uid)
        if not mine or row.state == PulledState.FAILED:
            return
        row.attempts += 1
        row.problem = shorten(problem, 300)
        if row.attempts <= len(RETRIES):
            row.next_try_at = clock.now() + RETRIES[row.attempts - 1]
        else:
            row.state, row.next_try_at = PulledState.FAILED, None
            if row.raw_mail_id is None:
                row.raw_mail_id = services.store(
                    raw=b"",
                    envelope_from="",
                    envelope_to=[mailbox.address] if mailbox.address else [],
                    source="imap",
                    mailbox=mailbox,
                    quarantine=f"This mail could not be fetched from the mailbox “{mailbox.name}”: {row.problem}",
                )
        row.save(update_fields=["state", "attempts", "problem", "next_try_at", "raw_mail"])
        _move(mailbox, uid)


def note_absent(*, mailbox: Mailbox, uids: Iterable[int], state: PulledState = PulledState.GONE) -> None:
    """These numbers have no message for us: removed before we could read it, or left aside at the first contact."""
    now = clock.now()
    rows = [PulledMail(mailbox=mailbox, epoch=mailbox.epoch, uid=uid, state=state, seen_at=now) for uid in uids]
    if not rows:
        return
    with transaction.atomic():
        PulledMail.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
        PulledMail.objects.filter(
            mailbox=mailbox, epoch=mailbox.epoch, uid__in=[one.uid for one in rows], state=PulledState.FAILING
        ).update(state=state, next_try_at=None)
        _move(mailbox, max(one.uid for one in rows))


def position(mailbox: Mailbox) -> int:
    """The number up to which everything is known, in the numbering that this session has; 0 when it is another now."""
    found = Mailbox.objects.filter(pk=mailbox.pk, epoch=mailbox.epoch).values_list("last_uid", flat=True).first()
    return found or 0


def known_uids(mailbox: Mailbox) -> set[int]:
    """Every number of the present numbering that we know of."""
    rows = PulledMail.objects.filter(mailbox=mailbox, epoch=mailbox.epoch)
    return set(rows.values_list("uid", flat=True))


def due_again(mailbox: Mailbox) -> list[int]:
    """Messages whose fetching failed and is due again."""
    rows = PulledMail.objects.filter(mailbox=mailbox, epoch=mailbox.epoch, state=PulledState.FAILING)
    due = rows.filter(Q(next_try_at__lte=clock.now()) | Q(next_try_at=None))
    return list(due.order_by("uid").values_list("uid", flat=True))


def fetch_again(*, raw_mail_id: int) -> bool:
    """Have a message that could not be fetched tried once more; False when this mail is none of those."""
    rows = PulledMail.objects.filter(raw_mail_id=raw_mail_id, state=PulledState.FAILED)
    return rows.update(state=PulledState.FAILING, attempts=len(RETRIES), next_try_at=clock.now()) > 0


def note_contact(*, mailbox_id: int) -> None:
    """The mailbox was read to its end just now."""
    now = clock.now()
    row = Mailbox.objects.filter(pk=mailbox_id)
    row.filter(~Q(last_error="") | Q(failing_since__isnull=False)).update(last_error="", failing_since=None)
    row.filter(Q(last_contact_at=None) | Q(last_contact_at__lt=now - CONTACT_EVERY)).update(last_contact_at=now)


def note_trouble(*, mailbox_id: int, problem: str) -> None:
    """The mailbox cannot be read; since when, is kept from the first time."""
    Mailbox.objects.filter(pk=mailbox_id).update(last_error=shorten(problem, 500))
    Mailbox.objects.filter(pk=mailbox_id, failing_since=None).update(failing_since=clock.now())
