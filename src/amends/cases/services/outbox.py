"""The verbs of the outbox: what goes to the customer, from the moment it is written to the moment they have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Subquery

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.audit.public import record
from amends.cases.events import (
    ComplaintAcknowledged,
    MessageDelivered,
    MessageFailed,
    MessageQueued,
    MessageSent,
    PhaseChanged,
)
from amends.cases.lifecycle import Phase
from amends.cases.models import BounceKind, Complaint, Direction, Message, MessageState
from amends.cases.news import announce_change
from amends.cases.policy import access_complaint
from amends.cases.services.budget import may_leave
from amends.cases.services.registration import NewFile, store_files
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.events import publish
from amends.core.ids import sign
from amends.core.text import clean, clean_line, digest
from amends.core.together import piece_of_work, together

SOFT_RETRIES = 2
"""How often a message that came back for now (a full mailbox) is sent again."""
SOFT_PAUSE = timedelta(hours=4)
CAME_BACK_FOR_GOOD = (
    "An earlier message to this address came back for good: phone, write a letter, or correct the address."
)


def queue_message(
    *,
    actor: Actor,
    complaint_id: int,
    kind: str,
    subject: str,
    text: str,
    html: str = "",
    channel: str = "email",
    purpose: str = "",
    language: str = "",
    automatic: bool = False,
    not_before: datetime | None = None,
    unless_customer_writes: bool = False,
    files: Sequence[NewFile] = (),
) -> Message | None:
    """Write a message to the customer and put it on its way; None when one with this purpose exists already.

    The way out is a job of the channel's, deferred in this transaction. The Message-ID is fixed here, so that a copy sent
    again after a crash is recognised as the same message by the receiver.

    Args:
        unless_customer_writes: it is called back by itself when the customer writes before it has left.

    Raises:
        BadInput: it is empty, or there is no address to send it to.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    text = clean(text).strip()
    if not text:
        raise BadInput("Write something before you send it.", field="text")
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        to_address = recipient_address(complaint)
        if channel == "email" and not to_address:
            raise BadInput(
                "There is no e-mail address in this case: add one, or use another channel.", field="to_address"
            )
        message = _write_once(
            Message(
                complaint=complaint,
                direction=Direction.OUT,
                kind=kind,
                channel=channel,
                author_id=actor.user_id,
                from_name=actor.name if actor.kind == "user" else "",
                to_address=to_address if channel == "email" else "",
                subject=clean_line(subject)[:500],
                text=text,
                html=html,
                language=language or complaint.language,
                automatic=automatic,
                state=MessageState.QUEUED,
                purpose=purpose,
                not_before=not_before,
                unless_customer_writes=unless_customer_writes,
                at=clock.now(),
            )
        )
        if message is not None:
            store_files(message, files)
            _announce_queued(actor, complaint, message)
    return message


def _write_once(message: Message) -> Message | None:
    """Store an outgoing message with its Message-ID; None when one with this purpose is there already.

    The case is locked, so nobody else writes one meanwhile; the database would refuse a second one all the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT nextval(pg_get_serial_sequence('cases_message', 'id')), EXISTS (
                SELECT 1 FROM cases_message WHERE complaint_id = %s AND purpose = %s AND NOT (purpose = '')
            )
            """,
            [message.complaint_id, message.purpose],
        )
        number, there = cursor.fetchone()
    if there:
        return None
    message.pk = number
    message.message_id = f"{sign('message-id', str(number))}.{number}@{settings.AMENDS_MAIL_DOMAIN}"
    message.save(force_insert=True)
    return message


def _announce_queued(actor: Actor, complaint: Complaint, message: Message) -> None:
    record(
        actor=actor,
        chain=f"complaint:{complaint.pk}",
        kind="message_queued",
        data={
            "message": message.pk,
            "kind": message.kind,
            "channel": message.channel,
            "automatic": message.automatic,
            "text_sha256": digest(message.text),
        },
    )
    _publish_queued(message)
    announce_change(complaint)


def _publish_queued(message: Message) -> None:
    publish(
        MessageQueued(
            complaint_id=message.complaint_id,
            message_id=message.pk,
            channel=message.channel,
            kind=message.kind,
            not_before=message.not_before,
        )
    )


def recipient_address(complaint: Complaint) -> str:
    """Where mail about this case goes: to the representative when there is one, else to the customer."""
    representative = complaint.representative
    return (representative.email if representative else "") or complaint.customer.email


def claim_for_sending(*, message_id: int) -> Message | None:
    """Take a queued message for sending; None when it is not due, was cancelled, somebody else has it, or it must not go.

    Here, and nowhere else, a mail is let out: the send budgets are counted under a lock of the address and of the case,
    so that several workers together keep them. What is over a budget stays queued with its reason and a later time;
    automatic mail to an address from which mail came back for good fails. The state is committed before anything
    leaves, so that a crash afterwards is visible as `sending`.
    """
    now = clock.now()
    due = Message.objects.filter(pk=message_id, state=MessageState.QUEUED).exclude(not_before__gt=now)
    with transaction.atomic():
        # The case first, as every verb does: whoever cancels and whoever sends wait for each other, never crosswise.
        Complaint.objects.select_for_update(no_key=True).only("pk").filter(
            pk=Subquery(due.values("complaint_id"))
        ).first()
        message = due.select_for_update(of=("self",)).select_related("complaint__unit").first()
        if message is None:
            return None
        if message.channel == "email":
            if message.automatic and not message.waived and _is_dead(message):
                mark_failed(message_id=message.pk, reason=CAME_BACK_FOR_GOOD)
                return None
            if not may_leave(message, now):
                announce_change(message.complaint)
                return None
        message.state, message.held_at = MessageState.SENDING, None
        message.save(update_fields=["state", "held_at"])
    return message


def _is_dead(message: Message) -> bool:
    """Whether mail of this case to this address came back for good, and nobody wrote from there since."""
    sent = Message.objects.filter(complaint_id=message.complaint_id)
    bounced = sent.filter(to_address=message.to_address, bounce=BounceKind.HARD).exclude(pk=message.pk)
    last = bounced.order_by("-id").values_list("sent_at", "at").first()
    if last is None:
        return False
    since = last[0] or last[1]
    return not sent.filter(direction=Direction.IN, from_address=message.to_address, at__gt=since).exists()


def mark_sent(*, message_id: int, at: datetime | None = None) -> bool:
    """Note that a message was handed over; True when this call did. The first answer acknowledges the complaint."""
    at = at or clock.now()
    with piece_of_work():
        won = Message.objects.filter(pk=message_id, state__in=[MessageState.SENDING, MessageState.QUEUED]).update(
            state=MessageState.SENT, sent_at=at, state_reason="", held_at=None
        )
        if not won:
            return False
        message = Message.objects.get(pk=message_id)
        complaint = access_complaint(SYSTEM, message.complaint_id, lock=True)
        record(
            actor=SYSTEM,
            chain=f"complaint:{complaint.pk}",
            kind="message_sent",
            data={"message": message.pk, "kind": message.kind},
        )
        _note_answer(complaint, message, at)
        publish(
            MessageSent(
                complaint_id=complaint.pk, message_id=message.pk, kind=message.kind, automatic=message.automatic, at=at
            )
        )
        announce_change(complaint)
    return True


FIRST_ANSWERS = frozenset({"acknowledgement", "message", "letter", "call", "proposal", "public_reply"})
"""Kinds of message that answer a customer for the first time. Who complained in public is answered in public."""


def _note_answer(complaint: Complaint, message: Message, at: datetime) -> None:
    """The consequences of a message to the customer for the case: acknowledged, and no longer waiting for us."""
    changed = ["last_activity_at"]
    complaint.last_activity_at = max(complaint.last_activity_at, at)
    if (
        not message.automatic
        and complaint.waiting_for_us_since is not None
        and complaint.waiting_for_us_since <= message.at
    ):
        complaint.waiting_for_us_since = _unanswered_since(complaint, message.at)
        changed.append("waiting_for_us_since")
    first = complaint.acknowledged_at is None and message.kind in FIRST_ANSWERS
    before = complaint.phase
    if first:
        complaint.acknowledged_at = at
        changed.append("acknowledged_at")
        if complaint.phase in (Phase.RECEIVED, Phase.REGISTERED):
            complaint.phase = Phase.ACKNOWLEDGED
            changed.append("phase")
    complaint.save(update_fields=changed)
    if first:
        publish(ComplaintAcknowledged(complaint_id=complaint.pk, at=at, automatic=message.automatic))
    if complaint.phase != before:
        publish(
            PhaseChanged(complaint_id=complaint.pk, before=before, after=complaint.phase, action="acknowledge", at=at)
        )


def _unanswered_since(complaint: Complaint, moment: datetime) -> datetime | None:
    """When the customer wrote after our answer was written, if they did: that is still unanswered."""
    later = Message.objects.filter(complaint=complaint, direction=Direction.IN, at__gt=moment)
    return later.order_by("at").values_list("at", flat=True).first()


def mark_delivered(*, message_id: int, at: datetime | None = None) -> bool:
    """Note that the receiver's server has a message (a delivery report, a provider's webhook); True when this call did."""
    at = at or clock.now()
    with transaction.atomic():
        won = Message.objects.filter(pk=message_id, state=MessageState.SENT).update(
            state=MessageState.DELIVERED, delivered_at=at, state_reason=""
        )
        if not won:
            return False
        message = Message.objects.select_related("complaint").get(pk=message_id)
        record(
            actor=SYSTEM,
            chain=f"complaint:{message.complaint_id}",
            kind="message_delivered",
            data={"message": message.pk, "kind": message.kind},
        )
        publish(MessageDelivered(complaint_id=message.complaint_id, message_id=message.pk, at=at))
        announce_change(message.complaint)
    return True


def mark_failed(*, message_id: int, reason: str, state: str = MessageState.FAILED, bounce: str = "") -> bool:
    """Note that a message could not be sent (`failed`) or came back (`bounced`), and why; True when this call did.

    Args:
        bounce: `hard` or `soft` for one that came back; after a hard one nothing automatic goes to that address any
            more in this case.
    """
    sources = [MessageState.SENDING, MessageState.QUEUED]
    if state == MessageState.BOUNCED:
        sources += [MessageState.SENT, MessageState.DELIVERED]
    with transaction.atomic():
        won = Message.objects.filter(pk=message_id, state__in=sources).update(
            state=state, state_reason=clean_line(reason)[:500], bounce=bounce, held_at=None
        )
        if not won:
            return False
        message = Message.objects.select_related("complaint").get(pk=message_id)
        record(
            actor=SYSTEM,
            chain=f"complaint:{message.complaint_id}",
            kind=f"message_{state}",
            data={"message": message.pk, "kind": message.kind, "bounce": bounce},
        )
        publish(MessageFailed(complaint_id=message.complaint_id, message_id=message.pk, state=state))
        announce_change(message.complaint)
    return True


def mark_bounced(*, message_id: int, hard: bool, reason: str) -> str:
    """A report says that a message came back; the state it has now ("" when the report changes nothing).

    For good: it is marked, and people are told to find another way. For now (a full mailbox): it is sent again some
    hours later, `SOFT_RETRIES` times, before it counts as not delivered.
    """
    with transaction.atomic():
        message = Message.objects.select_related("complaint").filter(pk=message_id).first()
        if message is None:
            return ""
        if hard or message.soft_bounces >= SOFT_RETRIES:
            kind = BounceKind.HARD if hard else BounceKind.SOFT
            done = mark_failed(message_id=message_id, reason=reason, state=MessageState.BOUNCED, bounce=kind)
            return MessageState.BOUNCED if done else ""
        again_at = clock.now() + SOFT_PAUSE
        won = Message.objects.filter(pk=message_id, state__in=[MessageState.SENT, MessageState.DELIVERED]).update(
            state=MessageState.QUEUED,
            state_reason=clean_line(reason)[:500],
            soft_bounces=F("soft_bounces") + 1,
            not_before=again_at,
        )
        if not won:
            return ""
        message.refresh_from_db()
        record(
            actor=SYSTEM,
            chain=f"complaint:{message.complaint_id}",
            kind="message_came_back_for_now",
            data={"message": message.pk, "times": message.soft_bounces},
        )
        _publish_queued(message)
        announce_change(message.complaint)
    return MessageState.QUEUED


def return_to_queue(*, message_id: int, reason: str, not_before: datetime) -> bool:
    """Put a message back after a failed attempt, to be tried again at `not_before`; True when this call did."""
    with transaction.atomic():
        won = Message.objects.filter(pk=message_id, state=MessageState.SENDING).update(
            state=MessageState.QUEUED,
            state_reason=clean_line(reason)[:500],
            attempts=F("attempts") + 1,
            not_before=not_before,
        )
        if won:
            announce_change(Message.objects.select_related("complaint").get(pk=message_id).complaint)
    return bool(won)


def cancel_message(*, actor: Actor, message_id: int) -> bool:
    """Stop a queued message before it leaves; True when it was still here."""
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        message = Message.objects.filter(pk=message_id).first()
        if message is None:
            return False
        complaint = access_complaint(actor, message.complaint_id, lock=True)
        won = Message.objects.filter(pk=message_id, state=MessageState.QUEUED).update(
            state=MessageState.CANCELLED, held_at=None
        )
        if won:
            record(
                actor=actor, chain=f"complaint:{complaint.pk}", kind="message_cancelled", data={"message": message_id}
            )
            announce_change(complaint)
    return bool(won)


def _own_message(actor: Actor, message_id: int) -> Message:
    """An outgoing message of a case the actor may work in, with the case locked.

    Raises:
        NotFound: there is none.
    """
    actor.require(Permission.CASE_WORK)
    complaint_id = Message.objects.filter(pk=message_id, direction=Direction.OUT).values_list("complaint_id", flat=True)
    found = complaint_id.first()
    if found is None:
        raise NotFound
    access_complaint(actor, found, lock=True)
    return Message.objects.select_for_update().get(pk=message_id)


def retry_message(*, actor: Actor, message_id: int) -> Message:
    """Send a message again that failed or came back, to the address the case has now. A person wants it: no budget holds it.

    Raises:
        BadInput: there is no address any more.
        Conflict: it neither failed nor came back.
        NotFound: it is not in a case of theirs.
    """
    with transaction.atomic():
        message = _own_message(actor, message_id)
        if message.state not in (MessageState.FAILED, MessageState.BOUNCED):
            raise Conflict("Only a message that failed or came back can be sent again.")
        complaint = access_complaint(actor, message.complaint_id)
        message.to_address = recipient_address(complaint)
        if message.channel == "email" and not message.to_address:
            raise BadInput("There is no e-mail address in this case: add one first.", field="to_address")
        message.state, message.state_reason, message.bounce = MessageState.QUEUED, "", ""
        message.attempts, message.soft_bounces, message.not_before, message.waived = 0, 0, None, True
        message.save(
            update_fields=[
                "to_address", "state", "state_reason", "bounce", "attempts", "soft_bounces", "not_before", "waived",
            ]
        )  # fmt: skip
        _record_and_queue(actor, complaint, message, "message_sent_again")
    return message


def send_anyway(*, actor: Actor, message_id: int) -> Message:
    """Let a message go at once that a send budget holds back, or that waits for its time.

    Raises:
        Conflict: it does not wait any more.
        NotFound: it is not in a case of theirs.
    """
    with transaction.atomic():
        message = _own_message(actor, message_id)
        if message.state != MessageState.QUEUED:
            raise Conflict("This message does not wait any more: look at its state.")
        message.waived, message.not_before, message.held_at, message.state_reason = True, None, None, ""
        message.save(update_fields=["waived", "not_before", "held_at", "state_reason"])
        _record_and_queue(actor, access_complaint(actor, message.complaint_id), message, "message_let_go")
    return message


def _record_and_queue(actor: Actor, complaint: Complaint, message: Message, kind: str) -> None:
    record(actor=actor, chain=f"complaint:{complaint.pk}", kind=kind, data={"message": message.pk})
    _publish_queued(message)
    announce_change(complaint)
