"""Incoming mail in the API: what needs a person, the mailboxes that are read, and whether any mail is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from amends.accounts.public import Permission, unit_by_key
from amends.core.api import api_actor, scope
from amends.intake.channels.email import services
from amends.intake.channels.email.incoming import mailboxes
from amends.intake.channels.email.models import Mailbox, MailboxAuth, MailboxTLS, OAuthGrant, RawMail
from amends.intake.channels.email.tally import mail_health

router = Router(tags=["mail"])
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


class ByHandIn(Schema):
    """What a person read in a mail that Amends could not read."""

    unit: str = Field(max_length=80)
    name: str = Field("", max_length=300)
    email: str = Field("", max_length=320)
    subject: str = Field("", max_length=500)
    text: str = Field(min_length=1, max_length=200_000)


class ReleasedOut(Schema):
    """What the mail became."""

    reference: str


@router.get("/quarantine", response=list[QuarantinedOut], summary="Mail in quarantine, newest first")
@scope(Permission.QUARANTINE_WORK)
def list_(request: HttpRequest, page: Query[QuarantineIn]) -> list[QuarantinedOut]:
    """At most 100 mails of the units the token sees; ask again with `before` set to the last id."""
    rows = services.visible_quarantine(api_actor(request)).order_by("-id")
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


@router.post("/quarantine/{mail_id}/again", response={202: None}, summary="Try to read it again")
@scope(Permission.QUARANTINE_WORK)
def again(request: HttpRequest, mail_id: int) -> Status[None]:
    """Read it once more from its bytes, or fetch it again from its mailbox."""
    services.try_again(actor=api_actor(request), raw_mail_id=mail_id)
    return Status(202, None)


@router.post("/quarantine/{mail_id}/by-hand", response={201: ReleasedOut}, summary="Register it by hand")
@scope(Permission.QUARANTINE_WORK)
def by_hand(request: HttpRequest, mail_id: int, body: ByHandIn) -> Status[ReleasedOut]:
    """A complaint with what a person read in the mail; the mail becomes a file of the case."""
    given = services.ByHand(
        unit_id=unit_by_key(body.unit).pk, name=body.name, email=body.email, subject=body.subject, text=body.text
    )
    row = services.register_by_hand(actor=api_actor(request), raw_mail_id=mail_id, given=given)
    return Status(201, _released(row))


@router.post("/quarantine/{mail_id}/release", response={201: ReleasedOut}, summary="Make a complaint of it")
@scope(Permission.QUARANTINE_WORK)
def release(request: HttpRequest, mail_id: int) -> Status[ReleasedOut]:
    """Register the mail as a complaint, or as a reply in its case."""
    row = services.release(actor=api_actor(request), raw_mail_id=mail_id)
    return Status(201, _released(row))


def _released(row: RawMail) -> ReleasedOut:
    return ReleasedOut(reference=row.complaint.reference if row.complaint and row.complaint.reference else "")


@router.post("/quarantine/{mail_id}/discard", response={204: None}, summary="It is no complaint")
@scope(Permission.QUARANTINE_WORK)
def discard(request: HttpRequest, mail_id: int) -> Status[None]:
    """Take it out of the quarantine; its bytes stay."""
    services.discard(actor=api_actor(request), raw_mail_id=mail_id)
    return Status(204, None)


class MailboxIn(Schema):
    """A mailbox to read. `secret` and `client_secret` say where secrets are: `env:AMENDS_MAILBOX_SECRET_…` or `file:…`."""

    name: str = Field(min_length=1, max_length=120)
    unit: str = Field(max_length=80)
    host: str = Field(min_length=1, max_length=253)
    user: str = Field(min_length=1, max_length=320)
    port: int = Field(993, ge=1, le=65535)
    tls: MailboxTLS = MailboxTLS.IMPLICIT
    folder: str = Field("INBOX", min_length=1, max_length=500)
    address: str = Field("", max_length=320)
    auth: MailboxAuth = MailboxAuth.PASSWORD
    secret: str = Field("", max_length=200)
    token_url: str = Field("", max_length=500)
    client_id: str = Field("", max_length=300)
    client_secret: str = Field("", max_length=200)
    scope: str = Field("", max_length=500)
    grant: OAuthGrant | Literal[""] = ""
    skip_existing: bool = False
    active: bool = True


class MailboxChange(Schema):
    """What is to be changed; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=120)
    unit: str | None = Field(None, max_length=80)
    host: str | None = Field(None, min_length=1, max_length=253)
    user: str | None = Field(None, min_length=1, max_length=320)
    port: int | None = Field(None, ge=1, le=65535)
    tls: MailboxTLS | None = None
    folder: str | None = Field(None, min_length=1, max_length=500)
    address: str | None = Field(None, max_length=320)
    auth: MailboxAuth | None = None
    secret: str | None = Field(None, max_length=200)
    token_url: str | None = Field(None, max_length=500)
    client_id: str | None = Field(None, max_length=300)
    client_secret: str | None = Field(None, max_length=200)
    scope: str | None = Field(None, max_length=500)
    grant: OAuthGrant | Literal[""] | None = None
    skip_existing: bool | None = None
    active: bool | None = None


class MailboxOut(Schema):
    """A mailbox, how far it is read and what went wrong. Secrets are not in it, only where they are."""

    id: int
    name: str
    unit: str
    address: str
    host: str
    port: int
    tls: str
    user: str
    folder: str
    auth: str
    secret: str
    active: bool
    uid_validity: int | None
    last_uid: int
    last_contact_at: datetime | None
    failing_since: datetime | None
    last_error: str


class TrialOut(Schema):
    """What a try at a mailbox found."""

    works: bool
    problem: str
    messages: int


class MailHealthOut(Schema):
    """Whether any mail is missing: `accepted` is counted apart from the mails and must equal their number."""

    good: bool
    accepted: int
    stored: int
    quarantined: int
    waiting: int
    missing: int
    overdue: int
    unfetched: int
    silent_mailboxes: list[int]


@router.get("/mailboxes", response=list[MailboxOut], summary="List the mailboxes that are read")
@scope(Permission.SETTINGS_CHANGE)
def list_mailboxes(request: HttpRequest) -> list[MailboxOut]:
    """Those of the units the token sees, by name."""
    return [_mailbox(one) for one in mailboxes.mailboxes_for(api_actor(request))]


@router.post("/mailboxes", response={201: MailboxOut}, summary="Add a mailbox")
@scope(Permission.SETTINGS_CHANGE)
def add_mailbox(request: HttpRequest, body: MailboxIn) -> Status[MailboxOut]:
    """Its reading begins within seconds."""
    return Status(201, _mailbox(mailboxes.add_mailbox(actor=api_actor(request), values=_values(body.dict()))))


@router.patch("/mailboxes/{mailbox_id}", response=MailboxOut, summary="Change a mailbox, or stop reading it")
@scope(Permission.SETTINGS_CHANGE)
def change_mailbox(request: HttpRequest, mailbox_id: int, body: MailboxChange) -> MailboxOut:
    """`active: false` stops the reading. Another host, user or folder is read from its first message."""
    given = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    changed = mailboxes.change_mailbox(actor=api_actor(request), mailbox_id=mailbox_id, values=_values(given))
    return _mailbox(changed)


@router.post("/mailboxes/{mailbox_id}/try", response=TrialOut, summary="Test the connection of a mailbox")
@scope(Permission.SETTINGS_CHANGE)
def try_mailbox(request: HttpRequest, mailbox_id: int) -> TrialOut:
    """Connect, sign in and open the folder once; nothing is read."""
    found = mailboxes.try_out(actor=api_actor(request), mailbox_id=mailbox_id)
    return TrialOut(works=found.works, problem=found.sentence, messages=found.messages)


@router.get("/mail/health", response=MailHealthOut, summary="Is any mail missing?")
@scope(Permission.QUARANTINE_WORK)
def health(request: HttpRequest) -> MailHealthOut:
    """The numbers of the health page; `good` is false when somebody should look."""
    found = mail_health()
    return MailHealthOut(
        good=found.good,
        accepted=found.accepted,
        stored=found.counts.stored,
        quarantined=found.counts.quarantined,
        waiting=found.counts.waiting,
        missing=found.missing,
        overdue=found.overdue,
        unfetched=found.unfetched,
        silent_mailboxes=[one.pk for one in found.silent],
    )


def _values(given: dict[str, Any]) -> dict[str, Any]:
    """By the names of the table."""
    values = {name: getattr(value, "value", value) for name, value in given.items() if name != "unit"}
    return values | ({"unit_id": unit_by_key(given["unit"]).pk} if "unit" in given else {})


def _mailbox(one: Mailbox) -> MailboxOut:
    same = {name: getattr(one, name) for name in MailboxOut.model_fields if name != "unit"}
    return MailboxOut(unit=one.unit.key, **same)
