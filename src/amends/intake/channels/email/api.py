"""The quarantine in the API: mail that needs a person."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from amends.accounts.public import Permission
from amends.core.api import api_actor, scope
from amends.intake.channels.email import services
from amends.intake.channels.email.models import MailState, RawMail

router = Router(tags=["quarantine"])
PAGE = 100


class QuarantinedOut(Schema):
    """One mail in quarantine, and why."""

    id: int
    received_at: datetime
    sender: str
    subject: str
    reason: str
    bytes: int
    sha256: str


class QuarantineIn(Schema):
    """Which page: mails with a smaller id than `before`."""

    before: int | None = Field(None, ge=1, le=2**62)


class ReleasedOut(Schema):
    """What the mail became."""

    reference: str


@router.get("/quarantine", response=list[QuarantinedOut], summary="Mail in quarantine, newest first")
@scope(Permission.QUARANTINE_WORK)
def list_(request: HttpRequest, page: Query[QuarantineIn]) -> list[QuarantinedOut]:
    """At most 100 mails; ask again with `before` set to the last id."""
    rows = RawMail.objects.filter(state=MailState.QUARANTINED).defer("data").order_by("-id")
    if page.before is not None:
        rows = rows.filter(pk__lt=page.before)
    return [
        QuarantinedOut(
            id=one.pk,
            received_at=one.received_at,
            sender=one.sender,
            subject=one.subject,
            reason=one.reason,
            bytes=one.size,
            sha256=one.sha256,
        )
        for one in rows[:PAGE]
    ]


@router.post("/quarantine/{mail_id}/release", response={201: ReleasedOut}, summary="Make a complaint of it")
@scope(Permission.QUARANTINE_WORK)
def release(request: HttpRequest, mail_id: int) -> Status[ReleasedOut]:
    """Register the mail as a complaint, or as a reply in its case."""
    row = services.release(actor=api_actor(request), raw_mail_id=mail_id)
    return Status(
        201, ReleasedOut(reference=row.complaint.reference if row.complaint and row.complaint.reference else "")
    )


@router.post("/quarantine/{mail_id}/discard", response={204: None}, summary="It is no complaint")
@scope(Permission.QUARANTINE_WORK)
def discard(request: HttpRequest, mail_id: int) -> Status[None]:
    """Take it out of the quarantine; its bytes stay."""
    services.discard(actor=api_actor(request), raw_mail_id=mail_id)
    return Status(204, None)
