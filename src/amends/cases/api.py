"""Complaints in the API: reading and the verbs of work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Schema
from pydantic import Field

from amends.accounts.public import SYSTEM, Permission, team_by_key
from amends.cases import public as cases
from amends.cases.listing import Filters, list_complaints
from amends.cases.models import Complaint, Message, Point
from amends.cases.policy import access_complaint
from amends.core.api import api_actor, complaints_router, scope
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.sections import Section, sections

router = complaints_router


class PersonOut(Schema):
    """Somebody in a case."""

    name: str
    email: str
    phone: str
    address: str
    account_number: str
    user_name: str
    language: str


class AssessmentOut(Schema):
    """What is thought about a complaint; correctable."""

    label: str
    language: str
    category: str
    severity: int
    sentiment: float | None
    probability: float | None
    safety: bool
    vulnerable: bool
    legal_or_media: bool
    desired_outcome: str
    assessed_at: datetime | None


class PointOut(Schema):
    """One thing the complainant says went wrong."""

    id: int
    words: str
    aspect: str
    source: str
    confirmed: bool
    confirmed_by: str


class FileOut(Schema):
    """A file that came or went with a message."""

    name: str
    content_type: str
    bytes: int
    sha256: str


class MessageOut(Schema):
    """Something said in a case."""

    id: int
    direction: str
    kind: str
    channel: str
    state: str
    state_reason: str
    automatic: bool
    at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    not_before: datetime | None
    held: bool
    unless_customer_writes: bool
    bounce: str
    protection: str
    author: str
    from_address: str
    to_address: str
    subject: str
    text: str
    language: str
    message_id: str
    attachments: list[FileOut]


class LinkOut(Schema):
    """A case that belongs together with this one. `newer`: it goes on from this one (or came with the same mail later)."""

    reference: str
    kind: str
    newer: bool


class EventOut(Schema):
    """One row of the record of a case."""

    at: datetime
    kind: str
    actor_kind: str
    actor_name: str
    data: dict[str, Any]


class ComplaintBrief(Schema):
    """A complaint in a list."""

    reference: str
    phase: str
    tier: int
    subject: str
    channel: str
    unit: str
    team: str | None
    owner: str | None
    category: str
    severity: int
    language: str
    received_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    next_due_at: datetime | None
    next_due_kind: str
    url: str


class ComplaintPage(Schema):
    """A page of complaints; `next` is the cursor of the page after, null on the last."""

    items: list[ComplaintBrief]
    next: str | None


def person_out(customer: cases.Customer | None) -> PersonOut | None:
    """A customer as the API shows them."""
    return None if customer is None else PersonOut.from_orm(customer)


def case_url(complaint: Complaint) -> str:
    """The address of the staff's page of a case."""
    return f"{settings.AMENDS_PUBLIC_URL}/cases/{complaint.reference}/"


def brief(complaint: Complaint) -> ComplaintBrief:
    """A complaint with unit, team and owner already joined."""
    return ComplaintBrief(
        reference=complaint.reference or "",
        phase=complaint.phase,
        tier=complaint.tier,
        subject=complaint.subject,
        channel=complaint.channel,
        unit=complaint.unit.key,
        team=complaint.team.key if complaint.team else None,
        owner=complaint.owner.name if complaint.owner else None,
        category=complaint.category,
        severity=complaint.severity,
        language=complaint.language,
        received_at=complaint.received_at,
        acknowledged_at=complaint.acknowledged_at,
        resolved_at=complaint.resolved_at,
        next_due_at=complaint.next_due_at,
        next_due_kind=complaint.next_due_kind,
        url=case_url(complaint),
    )


def _message(message: Message) -> MessageOut:
    return MessageOut(
        id=message.pk,
        direction=message.direction,
        kind=message.kind,
        channel=message.channel,
        state=message.state,
        state_reason=message.state_reason,
        automatic=message.automatic,
        at=message.at,
        sent_at=message.sent_at,
        delivered_at=message.delivered_at,
        not_before=message.not_before,
        held=message.held_at is not None,
        unless_customer_writes=message.unless_customer_writes,
        bounce=message.bounce,
        protection=message.protection,
        author=message.author.name if message.author else message.from_name,
        from_address=message.from_address,
        to_address=message.to_address,
        subject=message.subject,
        text=message.text,
        language=message.language,
        message_id=message.message_id,
        attachments=[
            FileOut(name=one.name, content_type=one.content_type, bytes=one.blob.size, sha256=one.blob.sha256)
            for one in message.attachments.all()
        ],
    )


def _point(point: Point) -> PointOut:
    return PointOut(
        id=point.pk,
        words=point.words,
        aspect=point.aspect,
        source=point.source,
        confirmed=point.confirmed_at is not None,
        confirmed_by=point.confirmed_by,
    )


def _assessment(complaint: Complaint) -> AssessmentOut:
    return AssessmentOut.from_orm(complaint)


for _section in (
    Section("complainant", PersonOut, lambda one: person_out(one.customer), order=1),
    Section("representative", PersonOut | None, lambda one: person_out(one.representative), order=2),
    Section("assessment", AssessmentOut, _assessment, order=3),
    Section(
        "links",
        list[LinkOut],
        lambda one: [
            LinkOut(reference=link.complaint.reference or "", kind=link.kind, newer=link.newer)
            for link in cases.links_of(one)
        ],
        order=5,
    ),
    Section("points", list[PointOut], lambda one: [_point(point) for point in cases.points_of(one)], order=4),
    Section(
        "messages", list[MessageOut], lambda one: [_message(message) for message in cases.messages_of(one)], order=90
    ),
    Section(
        "events",
        list[EventOut],
        lambda one: [
            EventOut(at=row.at, kind=row.kind, actor_kind=row.actor_kind, actor_name=row.actor_name, data=row.data)
            for row in cases.records(one)
        ],
        order=91,
    ),
):
    sections.register(_section)


class ComplaintOut(ComplaintBrief):
    """A whole complaint. Each domain adds its own keys: clocks, promises, proposals, follow-up…"""

    text: str
    product: str
    attributes: dict[str, Any]
    desired_outcome: str
    outcome: str
    outcome_reason: str
    possible_moves: list[str]


def _detail_schema() -> type[Schema]:
    """`ComplaintOut` with a field for every registered section; sections are registered before the API is built."""
    fields: dict[str, Any] = {one.key: (one.annotation, Field(...)) for one in sections}
    from pydantic import create_model

    return create_model("Complaint", __base__=ComplaintOut, **fields)


ComplaintDetail = _detail_schema()


def detail(complaint: Complaint) -> dict[str, Any]:
    """Everything about one complaint, ready for `ComplaintDetail`."""
    return {
        **brief(complaint).dict(),
        "text": complaint.text,
        "product": complaint.product.name if complaint.product else complaint.product_text,
        "attributes": complaint.attributes,
        "desired_outcome": complaint.desired_outcome,
        "outcome": complaint.outcome,
        "outcome_reason": complaint.outcome_reason,
        "possible_moves": [action.value for action in cases.allowed(complaint.phase)],
        **{one.key: one.read(complaint) for one in sections},
    }


@router.get("/complaints", response=ComplaintPage, summary="List complaints, newest first")
@scope(Permission.CASE_VIEW)
def list_(request: HttpRequest, filters: Query[Filters]) -> ComplaintPage:
    """Complaints the token may see, newest first; `q` searches reference, customer and text."""
    items, cursor = list_complaints(api_actor(request), filters)
    return ComplaintPage(items=[brief(one) for one in items], next=cursor)


@router.get("/complaints/{reference}", response=ComplaintDetail, summary="Read one complaint")
@scope(Permission.CASE_VIEW)
def read(request: HttpRequest, reference: str) -> dict[str, Any]:
    """One complaint with everything known about it."""
    return detail(access_complaint(api_actor(request), reference))


class MoveIn(Schema):
    """A move to the next phase."""

    action: str
    reason: str = ""
    outcome: str = ""


class TextIn(Schema):
    """Words for a reply or note."""

    text: str
    subject: str = ""


class ReplyIn(TextIn):
    """An answer to the customer.

    `send_at`: not before then; null for now. `unless_customer_writes`: called back by itself when the customer writes
    first. `seen`: the id of the customer's newest message you have read; when there is a newer one nothing is sent (409).
    """

    send_at: datetime | None = None
    unless_customer_writes: bool = False
    seen: int | None = None


class OwnerIn(Schema):
    """Whose case it is from now on; null for nobody's."""

    owner: int | None


class PointIn(Schema):
    """A point to add."""

    words: str
    aspect: str = ""


class ConfirmIn(Schema):
    """Which points are confirmed; null for all."""

    points: list[int] | None = None


def _fresh(request: HttpRequest, reference: str) -> dict[str, Any]:
    return detail(access_complaint(api_actor(request), reference))


def _id(request: HttpRequest, reference: str) -> int:
    return access_complaint(api_actor(request), reference).pk


@router.post("/complaints/{reference}/move", response=ComplaintDetail, summary="Move to the next phase")
@scope(Permission.CASE_WORK)
def move(request: HttpRequest, reference: str, body: MoveIn) -> dict[str, Any]:
    """Move a complaint; the possible moves are in `possible_moves`."""
    cases.move(
        actor=api_actor(request),
        complaint_id=_id(request, reference),
        action=body.action,
        reason=body.reason,
        outcome=body.outcome,
    )
    return _fresh(request, reference)


@router.post("/complaints/{reference}/owner", response=ComplaintDetail, summary="Give the case to somebody")
@scope(Permission.CASE_ASSIGN)
def assign(request: HttpRequest, reference: str, body: OwnerIn) -> dict[str, Any]:
    """Assign the case."""
    cases.assign(actor=api_actor(request), complaint_id=_id(request, reference), owner_id=body.owner)
    return _fresh(request, reference)


@router.post("/complaints/{reference}/reply", response=ComplaintDetail, summary="Answer the customer by mail")
@scope(Permission.CASE_WORK)
def reply(request: HttpRequest, reference: str, body: ReplyIn) -> dict[str, Any]:
    """Queue an answer to the customer, to leave at once or at a time."""
    if body.send_at is not None and body.send_at.tzinfo is None:
        raise BadInput("Give the time with its offset, such as 2026-03-02T09:30:00+01:00.", field="send_at")
    cases.reply(
        actor=api_actor(request),
        complaint_id=_id(request, reference),
        text=body.text,
        subject=body.subject,
        send_at=body.send_at,
        unless_customer_writes=body.unless_customer_writes,
        seen=body.seen,
    )
    return _fresh(request, reference)


def _message_of(request: HttpRequest, reference: str, message_id: int) -> int:
    """The id of an outgoing message of this case."""
    sent = Message.objects.filter(pk=message_id, complaint_id=_id(request, reference), direction="out")
    if not (0 < message_id < 2**63 and sent.exists()):
        raise NotFound
    return message_id


@router.post(
    "/complaints/{reference}/messages/{message_id}/send-again",
    response=ComplaintDetail,
    summary="Send a failed message again",
)
@scope(Permission.CASE_WORK)
def send_again(request: HttpRequest, reference: str, message_id: int) -> dict[str, Any]:
    """Send a message again that failed or came back, to the address the case has now."""
    cases.retry_message(actor=api_actor(request), message_id=_message_of(request, reference, message_id))
    return _fresh(request, reference)


@router.post(
    "/complaints/{reference}/messages/{message_id}/send-now",
    response=ComplaintDetail,
    summary="Let a waiting message go at once",
)
@scope(Permission.CASE_WORK)
def send_now(request: HttpRequest, reference: str, message_id: int) -> dict[str, Any]:
    """Send a message at once that a send budget holds back or that is planned for later."""
    cases.send_anyway(actor=api_actor(request), message_id=_message_of(request, reference, message_id))
    return _fresh(request, reference)


@router.post("/complaints/{reference}/notes", response=ComplaintDetail, summary="Add an internal note")
@scope(Permission.CASE_WORK)
def note(request: HttpRequest, reference: str, body: TextIn) -> dict[str, Any]:
    """Add a note that no customer sees."""
    cases.add_note(actor=api_actor(request), complaint_id=_id(request, reference), text=body.text)
    return _fresh(request, reference)


@router.post("/complaints/{reference}/points", response=ComplaintDetail, summary="Add a point")
@scope(Permission.CASE_WORK)
def add_point(request: HttpRequest, reference: str, body: PointIn) -> dict[str, Any]:
    """Add a point that was not detected."""
    cases.add_point(
        actor=api_actor(request), complaint_id=_id(request, reference), words=body.words, aspect=body.aspect
    )
    return _fresh(request, reference)


@router.post("/complaints/{reference}/points/confirm", response=ComplaintDetail, summary="Confirm points")
@scope(Permission.CASE_WORK)
def confirm_points(request: HttpRequest, reference: str, body: ConfirmIn) -> dict[str, Any]:
    """Confirm that points are understood rightly."""
    cases.confirm_points(actor=api_actor(request), complaint_id=_id(request, reference), point_ids=body.points)
    return _fresh(request, reference)


@router.delete("/complaints/{reference}/points/{point_id}", response=ComplaintDetail, summary="Remove a point")
@scope(Permission.CASE_WORK)
def remove_point(request: HttpRequest, reference: str, point_id: int) -> dict[str, Any]:
    """Take a point off the list; it stays in the record."""
    cases.remove_point(actor=api_actor(request), complaint_id=_id(request, reference), point_id=point_id)
    return _fresh(request, reference)


class TeamIn(Schema):
    """Whose queue it goes to, by the team's key."""

    team: str = Field(max_length=80)


@router.post("/complaints/{reference}/team", response=ComplaintDetail, summary="Put it into a team's queue")
@scope(Permission.CASE_ASSIGN)
def team(request: HttpRequest, reference: str, body: TeamIn) -> dict[str, Any]:
    """Give the case to another team; an owner outside of it gives it back."""
    complaint_id = _id(request, reference)
    cases.set_team(actor=api_actor(request), complaint_id=complaint_id, team_id=team_by_key(body.team).pk)
    return detail(access_complaint(SYSTEM, complaint_id))


@router.post(
    "/complaints/{reference}/messages/{message_id}/cancel",
    response=ComplaintDetail,
    summary="Call a message back before it leaves",
)
@scope(Permission.CASE_WORK)
def cancel(request: HttpRequest, reference: str, message_id: int) -> dict[str, Any]:
    """Stop a queued message of this case; what has left already is a conflict."""
    complaint_id = _id(request, reference)
    if not Message.objects.filter(pk=message_id, complaint_id=complaint_id).exists():
        raise NotFound
    if not cases.cancel_message(actor=api_actor(request), message_id=message_id):
        raise Conflict("This message has left already, or was called back before.")
    return _fresh(request, reference)
