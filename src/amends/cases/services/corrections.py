"""Putting right what was noted wrongly about a complaint."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.cases.events import ReceiptCorrected
from amends.cases.models import Complaint
from amends.cases.news import announce_change
from amends.cases.policy import access_complaint
from amends.cases.services.messages import add_note
from amends.core import clock
from amends.core.errors import BadInput
from amends.core.events import publish
from amends.core.text import clean

EARLIEST = timedelta(days=20 * 365)


def correct_receipt(*, actor: Actor, complaint_id: int, received_at: datetime, reason: str) -> Complaint:
    """Say that the complaint reached the organisation at another time: a letter that lay in the wrong tray.

    Raises:
        BadInput: the moment has no offset, is in the future or long ago, or the reason is missing.
        NotFound: the case is not the actor's.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    if received_at.tzinfo is None:
        raise BadInput(
            "The time of receipt needs an offset, for example 2026-03-02T09:00:00+01:00.", field="received_at"
        )
    if not clock.now() - EARLIEST <= received_at <= clock.now():
        raise BadInput("A complaint is received in the past, and not more than twenty years ago.", field="received_at")
    if not clean(reason).strip():
        raise BadInput("Say why, in a sentence a colleague will understand next year.", field="reason")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        before = complaint.received_at
        if before == received_at:
            return complaint
        complaint.received_at = received_at
        complaint.save(update_fields=["received_at"])
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="receipt_corrected",
            data={"before": before.isoformat(), "after": received_at.isoformat()},
        )
        add_note(actor=actor, complaint_id=complaint.pk, text=reason)
        publish(ReceiptCorrected(complaint_id=complaint.pk, before=before, after=received_at))
        announce_change(complaint)
    return complaint
