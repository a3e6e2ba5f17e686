"""The verbs around what people say: the customer's words, a colleague's note, a colleague's answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.audit.public import record
from amends.cases import lifecycle
from amends.cases.events import MessageReceived, NoteAdded
from amends.cases.lifecycle import Action, AnswerTo
from amends.cases.models import Complaint, Direction, Message, MessageState
from amends.cases.news import announce_change
from amends.cases.policy import access_complaint
from amends.cases.services.outbox import queue_message
from amends.cases.services.registration import NewFile, store_files
from amends.cases.services.work import move
from amends.core import clock
from amends.core.errors import BadInput, Conflict
from amends.core.events import publish
from amends.core.text import clean, clean_line, digest
from amends.notifications.public import tell

CUSTOMER_WROTE_FIRST = "The customer wrote first."
LATEST = timedelta(days=366)


class CustomerWroteError(Conflict):
    """The customer wrote after the author had last looked: nothing was sent, and nothing of the words is lost."""


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
    reopens: bool = False,
    protection: str = "",
    source_mail: int | None = None,
) -> Message:
    """Add something the customer said to their case.

    What waited to be sent "unless the customer writes first" is called back in the same transaction.

    Args:
        reopens: open a case again that is settled; `answer_to` says when that is right.
        protection: how a mail was signed or encrypted, for people.
        source_mail: the id of the mail whose bytes are kept.

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
            protection=protection[:20],
            source_mail=source_mail,
        )
        store_files(message, files)
        complaint.last_activity_at = max(complaint.last_activity_at, at)
        complaint.waiting_for_us_since = complaint.waiting_for_us_since or at
        complaint.save(update_fields=["last_activity_at", "waiting_for_us_since"])
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="message_received",
            data={"message": message.pk, "channel": channel, "text_sha256": digest(text), "files": len(files)},
        )
        _call_back_scheduled(complaint)
        publish(MessageReceived(complaint_id=complaint.pk, message_id=message.pk))
        if reopens and complaint.phase in lifecycle.DONE_PHASES:
            move(actor=actor, complaint_id=complaint.pk, action=Action.REOPEN, reason="The customer wrote again.")
        announce_change(complaint)
    return message


def _call_back_scheduled(complaint: Complaint) -> None:
    """Stop what was to go only if the customer does not write first; its author may take the words up again."""
    waiting = Message.objects.filter(complaint=complaint, state=MessageState.QUEUED, unless_customer_writes=True)
    for message in list(waiting.select_for_update().order_by("pk")):
        message.state, message.state_reason, message.held_at = MessageState.CANCELLED, CUSTOMER_WROTE_FIRST, None
        message.save(update_fields=["state", "state_reason", "held_at"])
        record(
            actor=SYSTEM,
            chain=f"complaint:{complaint.pk}",
            kind="message_called_back",
            data={"message": message.pk, "because": "customer_wrote"},
        )
        if message.author_id is not None:
            tell(
                users=[message.author_id],
                kind="message_called_back",
                title=lambda: (
                    f"{complaint.reference}: " + _("the customer wrote first, so your planned message was not sent")
                ),
                url=f"/cases/{complaint.reference}/?draft={message.pk}#composer",
                complaint_id=complaint.pk,
                key=f"called_back:{message.pk}",
            )


def answer_to(complaint: Complaint, *, now: datetime | None = None) -> AnswerTo:
    """What an answer of the customer does to this case now: nothing, opens it again, or becomes a case of its own."""
    return lifecycle.answer_to(
        complaint.phase,
        ended_at=complaint.closed_at or complaint.resolved_at,
        now=now or clock.now(),
        days=settings.AMENDS_REOPEN_DAYS,
    )


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


def note_by_mail(
    *,
    complaint_id: int,
    user_id: int,
    name: str,
    address: str,
    text: str,
    html: str = "",
    subject: str = "",
    message_id: str = "",
    files: Sequence[NewFile] = (),
    received_at: datetime | None = None,
    protection: str = "",
    source_mail: int | None = None,
) -> Message:
    """Keep a colleague's mail about a case as an internal note, which no customer ever sees.

    A sender's address is no proof: the note has no author, and the record names Amends and whose address it bore.
    """
    text = clean(text).strip()
    with transaction.atomic():
        complaint = access_complaint(SYSTEM, complaint_id, lock=True)
        at = received_at or clock.now()
        message = Message.objects.create(
            complaint=complaint,
            direction=Direction.INTERNAL,
            kind="note",
            channel="email",
            from_name=clean_line(name)[:300],
            from_address=address[:320],
            subject=clean_line(subject)[:500],
            text=text,
            html=html,
            message_id=message_id[:500],
            state=MessageState.NOTED,
            at=at,
            protection=protection[:20],
            source_mail=source_mail,
        )
        store_files(message, files)
        complaint.last_activity_at = max(complaint.last_activity_at, at)
        complaint.save(update_fields=["last_activity_at"])
        record(
            actor=SYSTEM,
            chain=f"complaint:{complaint.pk}",
            kind="note_added",
            data={"message": message.pk, "text_sha256": digest(text), "by_mail_of": user_id},
        )
        publish(NoteAdded(complaint_id=complaint.pk, message_id=message.pk))
        announce_change(complaint)
    return message


def last_heard(complaint_id: int) -> int:
    """The id of the customer's newest message in a case; 0 when there is none."""
    heard = Message.objects.filter(complaint_id=complaint_id, direction=Direction.IN)
    return heard.order_by("-id").values_list("pk", flat=True).first() or 0


def reply(
    *,
    actor: Actor,
    complaint_id: int,
    text: str,
    subject: str = "",
    files: Sequence[NewFile] = (),
    send_at: datetime | None = None,
    unless_customer_writes: bool = False,
    seen: int | None = None,
) -> Message | None:
    """A person's answer to the customer, sent by mail after the seconds in which it can be undone, or at a time.

    Args:
        send_at: not before then; None is now.
        unless_customer_writes: call it back when the customer writes before it has left.
        seen: the newest message of the customer that the author has seen (`last_heard`); None when nobody looks.

    Raises:
        BadInput: it is empty, or the time is over or more than a year away.
        CustomerWroteError: the customer wrote in the meantime; send again with the new `seen` to send it all the same.
    """
    now = clock.now()
    if send_at is not None and not now - timedelta(minutes=1) <= send_at <= now + LATEST:
        raise BadInput(_("Choose a time from now on, within a year."), field="send_at")
    undo_until = now + timedelta(seconds=settings.AMENDS_UNDO_SECONDS) if settings.AMENDS_UNDO_SECONDS else None
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id)
        access_complaint(actor, complaint_id, lock=True)
        if seen is not None and last_heard(complaint_id) > seen:
            raise CustomerWroteError(
                _("The customer wrote while you were writing. Read it first, then send your reply again.")
            )
        return queue_message(
            actor=actor,
            complaint_id=complaint_id,
            kind="message",
            subject=subject or f"Re: {complaint.subject or complaint.reference} [{complaint.reference}]",
            text=text,
            not_before=max(undo_until, send_at) if undo_until and send_at else send_at or undo_until,
            unless_customer_writes=unless_customer_writes,
            files=files,
        )
