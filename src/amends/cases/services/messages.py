"""The verbs around messages: what came in, what goes out, what colleagues note."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.audit.public import record
from amends.cases.events import (
    ComplaintAcknowledged,
    MessageFailed,
    MessageQueued,
    MessageReceived,
    MessageSent,
    NoteAdded,
    PhaseChanged,
)
from amends.cases.lifecycle import Phase
from amends.cases.models import Complaint, Direction, Message, MessageState
from amends.cases.news import announce_change
from amends.cases.policy import access_complaint
from amends.cases.services.registration import NewFile, store_files
from amends.core import clock
from amends.core.errors import BadInput
from amends.core.events import publish
from amends.core.ids import sign
from amends.core.text import clean, clean_line, digest


def receive_message(
    *,
    actor: Actor,
    complaint_id: int,
    channel: str,
    text: str,
    html: str = "",
    subject: str = "",
    from_name: str = "",
    from_address: str = "",
    message_id: str = "",
    in_reply_to: str = "",
    files: Sequence[NewFile] = (),
    kind: str = "message",
    received_at: datetime | None = None,
) -> Message:
    """Add something the customer said to their case.

    Raises:
        BadInput: it is empty.
        NotFound: the case is not the actor's to write in.
    """
    text = clean(text).strip()
    if not text and not files:
        raise BadInput("Write something or attach a file.", field="text")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        at = received_at or clock.now()
        message = Message.objects.create(
            complaint=complaint,
            direction=Direction.IN,
            kind=kind,
            channel=channel,
            from_name=clean_line(from_name)[:300],
            from_address=from_address[:320],
            subject=clean_line(subject)[:500],
            text=text,
            html=html,
            message_id=message_id[:500],
            in_reply_to=in_reply_to[:500],
            state=MessageState.RECEIVED,
            at=at,
        )
        store_files(message, files)
        complaint.last_activity_at = at
        complaint.waiting_for_us_since = complaint.waiting_for_us_since or at
        complaint.save(update_fields=["last_activity_at", "waiting_for_us_since"])
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="message_received",
            data={"message": message.pk, "channel": channel, "text_sha256": digest(text), "files": len(files)},
        )
        publish(MessageReceived(complaint_id=complaint.pk, message_id=message.pk))
        announce_change(complaint)
    return message


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
    files: Sequence[NewFile] = (),
) -> Message | None:
    """Write a message to the customer and put it on its way; None when one with this purpose exists already.

    The way out is a job of the channel's, deferred in this transaction. The Message-ID is fixed here, so that a copy sent
    again after a crash is recognised as the same message by the receiver.

    Raises:
        BadInput: it is empty, or there is no address to send it to.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    text = clean(text).strip()
    if not text:
        raise BadInput("Write something before you send it.", field="text")
    with transaction.atomic():
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
                at=clock.now(),
            )
        )
        if message is not None:
            store_files(message, files)
            _announce_queued(actor, complaint, message)
    return message


def _write_once(message: Message) -> Message | None:
    """Store an outgoing message with its Message-ID; None when one with this purpose is there already."""
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError as error:
        if "message_purpose_once" not in str(error):
            raise
        return None
    message.message_id = f"{sign('message-id', str(message.pk))}.{message.pk}@{settings.AMENDS_MAIL_DOMAIN}"
    message.save(update_fields=["message_id"])
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
    publish(
        MessageQueued(
            complaint_id=complaint.pk,
            message_id=message.pk,
            channel=message.channel,
            kind=message.kind,
            not_before=message.not_before,
        )
    )
    announce_change(complaint)


def recipient_address(complaint: Complaint) -> str:
    """Where mail about this case goes: to the representative when there is one, else to the customer."""
    representative = complaint.representative
    return (representative.email if representative else "") or complaint.customer.email


def claim_for_sending(*, message_id: int) -> Message | None:
    """Take a queued message for sending; None when it is not due, was cancelled, or somebody else has it.

    The state is committed before anything leaves, so that a crash afterwards is visible as `sending`.
    """
    now = clock.now()
    won = (
        Message.objects.filter(pk=message_id, state=MessageState.QUEUED)
        .exclude(not_before__gt=now)
        .update(state=MessageState.SENDING)
    )
    return Message.objects.select_related("complaint").get(pk=message_id) if won else None


def mark_sent(*, message_id: int, at: datetime | None = None) -> bool:
    """Note that a message was handed over; True when this call did. The first answer acknowledges the complaint."""
    at = at or clock.now()
    with transaction.atomic():
        won = Message.objects.filter(pk=message_id, state__in=[MessageState.SENDING, MessageState.QUEUED]).update(
            state=MessageState.SENT, sent_at=at, state_reason=""
        )
        if not won:
            return False
        message = Message.objects.get(pk=message_id)
        complaint = Complaint.objects.select_for_update(no_key=True).get(pk=message.complaint_id)
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


def _note_answer(complaint: Complaint, message: Message, at: datetime) -> None:
    """The consequences of a message to the customer for the case: acknowledged, and no longer waiting for us."""
    changed = ["last_activity_at"]
    complaint.last_activity_at = max(complaint.last_activity_at, at)
    if (
        not message.automatic
        and complaint.waiting_for_us_since is not None
        and complaint.waiting_for_us_since <= message.at
    ):
        complaint.waiting_for_us_since = None
        changed.append("waiting_for_us_since")
    first = complaint.acknowledged_at is None and message.kind in (
        "acknowledgement",
        "message",
        "letter",
        "call",
        "proposal",
    )
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


def mark_failed(*, message_id: int, reason: str, state: str = MessageState.FAILED) -> bool:
    """Note that a message could not be sent (`failed`) or came back (`bounced`), and why; True when this call did."""
    sources = [MessageState.SENDING, MessageState.QUEUED]
    if state == MessageState.BOUNCED:
        sources += [MessageState.SENT, MessageState.DELIVERED]
    with transaction.atomic():
        won = Message.objects.filter(pk=message_id, state__in=sources).update(
            state=state, state_reason=clean_line(reason)[:500]
        )
        if not won:
            return False
        message = Message.objects.select_related("complaint").get(pk=message_id)
        record(
            actor=SYSTEM,
            chain=f"complaint:{message.complaint_id}",
            kind=f"message_{state}",
            data={"message": message.pk, "kind": message.kind},
        )
        publish(MessageFailed(complaint_id=message.complaint_id, message_id=message.pk, state=state))
        announce_change(message.complaint)
    return True


def return_to_queue(*, message_id: int, reason: str, not_before: datetime) -> bool:
    """Put a message back after a failed attempt, to be tried again at `not_before`; True when this call did."""
    return bool(
        Message.objects.filter(pk=message_id, state=MessageState.SENDING).update(
            state=MessageState.QUEUED,
            state_reason=clean_line(reason)[:500],
            attempts=F("attempts") + 1,
            not_before=not_before,
        )
    )


def cancel_message(*, actor: Actor, message_id: int) -> bool:
    """Stop a queued message before it leaves; True when it was still here."""
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        message = Message.objects.filter(pk=message_id).first()
        if message is None:
            return False
        complaint = access_complaint(actor, message.complaint_id, lock=True)
        won = Message.objects.filter(pk=message_id, state=MessageState.QUEUED).update(state=MessageState.CANCELLED)
        if won:
            record(
                actor=actor, chain=f"complaint:{complaint.pk}", kind="message_cancelled", data={"message": message_id}
            )
            announce_change(complaint)
    return bool(won)


def add_note(*, actor: Actor, complaint_id: int, text: str, kind: str = "note") -> Message:
    """Write an internal note, which no customer ever sees.

    Raises:
        BadInput: it is empty.
    """
    actor.require(Permission.CASE_WORK)
    text = clean(text).strip()
    if not text:
        raise BadInput("Write something before you save the note.", field="text")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        now = clock.now()
        message = Message.objects.create(
            complaint=complaint,
            direction=Direction.INTERNAL,
            kind=kind,
            channel="internal",
            author_id=actor.user_id,
            from_name=actor.name,
            text=text,
            state=MessageState.NOTED,
            at=now,
        )
        complaint.last_activity_at = now
        complaint.save(update_fields=["last_activity_at"])
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="note_added",
            data={"message": message.pk, "text_sha256": digest(text)},
        )
        publish(NoteAdded(complaint_id=complaint.pk, message_id=message.pk))
        announce_change(complaint)
    return message


def reply(
    *, actor: Actor, complaint_id: int, text: str, subject: str = "", files: Sequence[NewFile] = ()
) -> Message | None:
    """A person's answer to the customer, sent by mail after the seconds in which it can be undone."""
    complaint = access_complaint(actor, complaint_id)
    return queue_message(
        actor=actor,
        complaint_id=complaint_id,
        kind="message",
        subject=subject or f"Re: {complaint.subject or complaint.reference} [{complaint.reference}]",
        text=text,
        not_before=clock.now() + timedelta(seconds=settings.AMENDS_UNDO_SECONDS)
        if settings.AMENDS_UNDO_SECONDS
        else None,
        files=files,
    )
