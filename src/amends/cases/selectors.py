"""Questions about complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q

from amends.audit.public import Record, records_of
from amends.cases.models import (
    Attachment,
    BounceKind,
    CaseLink,
    Complaint,
    Direction,
    KnownAddress,
    Message,
    MessageState,
    Point,
)


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One entry of a case's timeline: a message with its words, or an event of the record."""

    at: datetime
    kind: str
    actor_kind: str
    actor_name: str
    data: dict[str, Any]
    message: Message | None = None


MESSAGE_EVENTS = frozenset({"registered", "message_received", "message_queued", "note_added"})
"""Record kinds whose message is shown itself."""


def messages_of(complaint: Complaint) -> list[Message]:
    """All messages of a case, oldest first, with authors and files but not the files' bytes (2 queries)."""
    files = Attachment.objects.select_related("blob").defer("blob__data").order_by("pk")
    return list(
        Message.objects.filter(complaint=complaint)
        .select_related("author")
        .prefetch_related(Prefetch("attachments", queryset=files))
        .order_by("at", "id")
    )


def timeline(complaint: Complaint, *, newest_first: bool = False) -> list[TimelineItem]:
    """Everything that happened in a case (4 queries)."""
    items = [
        TimelineItem(
            at=one.at,
            kind=one.kind,
            actor_kind="customer" if one.direction == "in" else ("user" if one.author_id else "system"),
            actor_name=one.from_name or (one.author.name if one.author else ""),
            data={},
            message=one,
        )
        for one in messages_of(complaint)
    ]
    items += [
        TimelineItem(at=one.at, kind=one.kind, actor_kind=one.actor_kind, actor_name=one.actor_name, data=one.data)
        for one in records_of(f"complaint:{complaint.pk}")
        if one.kind not in MESSAGE_EVENTS or one.kind == "registered"
    ]
    return sorted(items, key=lambda item: (item.at, item.message is not None), reverse=newest_first)


def points_of(complaint: Complaint) -> list[Point]:
    """The points on the list, in order."""
    return list(Point.objects.filter(complaint=complaint, removed_at=None).order_by("position"))


def complaint_by_public_id(public_id: UUID) -> Complaint | None:
    """The complaint a signed token names."""
    return (
        Complaint.objects.select_related("customer", "representative", "unit", "owner", "product")
        .filter(public_id=public_id)
        .first()
    )


def known_addresses(complaint: Complaint) -> frozenset[str]:
    """The normalised addresses that belong to a case: whoever writes from another one is somebody else."""
    addresses = {complaint.customer.email}
    if complaint.representative is not None:
        addresses.add(complaint.representative.email)
    addresses |= set(KnownAddress.objects.filter(complaint=complaint).values_list("address", flat=True))
    return frozenset(address for address in addresses if address)


def complaint_by_reference(reference: str) -> Complaint | None:
    """The complaint with this reference, for programs that decide themselves who may see it."""
    return (
        Complaint.objects.select_related("customer", "representative", "unit", "owner", "product")
        .filter(reference=reference)
        .first()
    )


def complaints_with_message(message_id: str) -> list[Complaint]:
    """The cases in which the customer wrote a message with this Message-ID, newest first; programs repeat identifiers."""
    return list(
        Complaint.objects.select_related("customer", "representative", "unit", "owner", "product")
        .filter(messages__message_id=message_id, messages__direction=Direction.IN)
        .order_by("-pk")
        .distinct()[:20]
    )


def our_words(complaint: Complaint, limit: int = 10) -> list[str]:
    """The texts of our latest messages to the customer, newest first: what an answer may quote."""
    sent = Message.objects.filter(complaint=complaint, direction=Direction.OUT).exclude(
        state__in=[MessageState.QUEUED, MessageState.CANCELLED]
    )
    return list(sent.order_by("-id").values_list("text", flat=True)[:limit])


@dataclass(frozen=True, slots=True)
class LinkedCase:
    """A case that belongs together with another one; `newer` says that it goes on from that one."""

    kind: str
    newer: bool
    complaint: Complaint


def links_of(complaint: Complaint) -> list[LinkedCase]:
    """The cases linked to this one, oldest link first."""
    rows = CaseLink.objects.filter(Q(complaint=complaint) | Q(other=complaint)).order_by("pk")
    return [
        LinkedCase(one.kind, True, one.complaint)
        if one.other_id == complaint.pk
        else LinkedCase(one.kind, False, one.other)
        for one in rows.select_related("complaint__unit", "other__unit")
    ]


def unreachable(complaint: Complaint) -> Message | None:
    """Our newest message when it did not reach the customer: then another way is needed. None when all is well."""
    out = Message.objects.filter(complaint=complaint, direction=Direction.OUT, channel="email")
    newest = out.exclude(state__in=[MessageState.QUEUED, MessageState.CANCELLED]).order_by("-at", "-id").first()
    if newest is None or newest.state not in (MessageState.BOUNCED, MessageState.FAILED):
        return None
    heard = Message.objects.filter(complaint=complaint, direction=Direction.IN, at__gt=newest.sent_at or newest.at)
    hard = newest.bounce == BounceKind.HARD
    return None if heard.exists() and not hard else newest


def message_by_message_id(message_id: str) -> Message | None:
    """Our own outgoing message with this Message-ID."""
    return Message.objects.select_related("complaint").filter(message_id=message_id, direction="out").first()


def records(complaint: Complaint) -> list[Record]:
    """The rows of the record about a case, oldest first."""
    return records_of(f"complaint:{complaint.pk}")
