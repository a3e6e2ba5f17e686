"""The verbs of "somebody else wrote": into the case, a case of its own, or nothing; and by itself after some hours."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.audit.public import record
from amends.cases.public import access_complaint, admit, visible_complaints
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict, NotFound
from amends.core.text import clean_line
from amends.intake.channels.email import filing, identity
from amends.intake.channels.email.filing import Filed
from amends.intake.channels.email.models import MailOutcome, MailState, RawMail
from amends.intake.channels.email.parsing import parse

log = logging.getLogger(__name__)
BATCH = 100


class Decision(StrEnum):
    """What becomes of a mail of somebody else."""

    REPRESENTATIVE = "representative"
    KNOWN = "known"
    OWN_CASE = "own_case"
    DISCARD = "discard"


def waiting(actor: Actor) -> QuerySet[RawMail]:
    """The mails that wait for a decision in the cases this actor may work on, newest first, without their bytes."""
    actor.require(Permission.CASE_WORK)
    return (
        RawMail.objects.filter(
            state=MailState.QUARANTINED, strayed=True, complaint__in=visible_complaints(actor).values("pk")
        )
        .defer("data")
        .select_related("complaint__customer", "complaint__unit")
        .order_by("-id")
    )


def access_waiting(actor: Actor, number: int) -> RawMail:
    """One of them, with its bytes.

    Raises:
        NotFound: there is none with this id that the actor may decide about.
    """
    row = waiting(actor).defer(None).filter(pk=number).first() if 0 < number < 2**63 else None
    if row is None:
        raise NotFound
    return row


def decide(*, actor: Actor, raw_mail_id: int, decision: str) -> RawMail:
    """Carry out what a person decided.

    - `representative`: the sender complains on the customer's behalf; our mail goes to them from now on.
    - `known`: another address of the people of the case; what comes from there is theirs from now on.
    - `own_case`: a complaint of its own, received when the mail came.
    - `discard`: nothing becomes of it; its bytes stay.

    Raises:
        BadInput: there is no such decision, or nothing in the mail.
        Conflict: a colleague was faster, or the customer has a representative already.
        NotFound: the case is not theirs.
    """
    if decision not in set(Decision):
        raise BadInput("Choose what becomes of the mail.", field="decision")
    row = access_waiting(actor, raw_mail_id)
    assert row.complaint_id is not None  # `waiting` joins the case
    with transaction.atomic():
        access_complaint(actor, row.complaint_id, lock=True)
        _lock(row.pk)
        filed = _carried_out(actor, row, Decision(decision))
        _write(row, filed)
        record(
            actor=actor,
            chain=f"complaint:{row.complaint_id}",
            kind="somebody_else_decided",
            data={"mail": row.pk, "decision": str(decision), "complaint": filed.complaint_id},
        )
    row.refresh_from_db()
    return row


def _lock(raw_mail_id: int) -> None:
    state = RawMail.objects.select_for_update(of=("self",)).values_list("state", flat=True).get(pk=raw_mail_id)
    if state != MailState.QUARANTINED:
        raise Conflict("This mail is no longer here: a colleague has dealt with it.")


def _carried_out(actor: Actor, row: RawMail, decision: Decision) -> Filed:
    if decision is Decision.DISCARD:
        return Filed(MailOutcome.DISCARDED, row.complaint_id)
    raw = bytes(row.data)
    mail = parse(raw)
    fingerprint = identity.fingerprint(raw, mail)
    case = access_complaint(actor, row.complaint_id or 0)
    if decision is Decision.OWN_CASE:
        return filing.file_as_complaint(row, mail, fingerprint, strayed_from=case)
    sender = filing.sender_of(mail, row.envelope_from)
    admit(
        actor=actor,
        complaint_id=case.pk,
        address=sender.address,
        name=sender.name,
        as_representative=decision is Decision.REPRESENTATIVE,
    )
    return filing.file_in_case(row, mail, access_complaint(actor, case.pk), fingerprint)


def _write(row: RawMail, filed: Filed) -> None:
    RawMail.objects.filter(pk=row.pk).update(
        state=MailState.STORED,
        outcome=filed.outcome,
        reason="",
        complaint_id=filed.complaint_id,
        case_message_id=filed.message_id,
        strayed=True,
        handled_at=clock.now(),
    )


def decide_overdue(now: datetime | None = None) -> int:
    """Make complaints of what nobody decided about for `AMENDS_STRANGER_HOURS`; how many. No mail rots in a list."""
    before = (now or clock.now()) - timedelta(hours=settings.AMENDS_STRANGER_HOURS)
    overdue = RawMail.objects.filter(state=MailState.QUARANTINED, strayed=True, complaint__isnull=False)
    done = 0
    for number in list(overdue.filter(received_at__lt=before).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        try:
            decide(actor=SYSTEM, raw_mail_id=number, decision=Decision.OWN_CASE)
        except (Conflict, NotFound):
            continue  # a colleague was faster
        except AmendsError as refusal:
            # Nothing can be made of it: it goes where people look for such mail, and is not tried again.
            log.warning("overdue_mail_refused", extra={"raw_mail": number})
            RawMail.objects.filter(pk=number).update(strayed=False, reason=clean_line(refusal.message)[:500])
            continue
        done += 1
    return done
