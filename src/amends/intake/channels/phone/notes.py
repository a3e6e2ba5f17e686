"""The call note: a new complaint by phone, or a call in a case that is there, with the written summary to the customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from amends.accounts.public import Actor, Permission, Unit, User, unit_settings
from amends.cases.public import (
    Complaint,
    Message,
    NewComplaint,
    Person,
    access_complaint,
    add_note,
    add_point,
    confirm_points,
    mark_sent,
    queue_message,
    receive_message,
    recipient_address,
    register,
)
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.core.text import clean, clean_line, shorten
from amends.intake.channels.phone.calls import access_call, join_case
from amends.intake.channels.phone.models import CallNote, PhoneCall
from amends.intake.channels.phone.summary import Spoken, language_of, summary

MAX_LINES = 20
LINE_LIMIT = 500


@dataclass(frozen=True, slots=True)
class NewCallNote:
    """What was said in a call.

    Attributes:
        once: the form's own key; the same again is the same note.
        reference: the case it was about; empty: a new complaint of `unit_id`.
        points: what the caller says went wrong, read back to them; `confirmed` when they agreed.
        steps: what happens next, as it was agreed.
        internal: for colleagues only.
    """

    once: str
    text: str
    reference: str = ""
    call_id: int | None = None
    unit_id: int | None = None
    caller: Person = field(default_factory=Person)
    product: str = ""
    order: str = ""
    points: Sequence[str] = ()
    confirmed: bool = False
    wish: str = ""
    call_back: str = ""
    steps: Sequence[str] = ()
    internal: str = ""


def lines_of(text: str) -> list[str]:
    """One entry for each line that is not empty, without bullets."""
    return [line for one in clean(text).splitlines() if (line := clean_line(one).lstrip("-•*· ").strip())]


def save_note(*, actor: Actor, note: NewCallNote) -> CallNote:
    """Store a call note, once, with all that follows from it.

    Raises:
        BadInput: nothing was noted, or a value is too long.
        NotFound: the case or the call is not the actor's to see.
    """
    actor.require(Permission.CASE_WORK if note.reference else Permission.CASE_REGISTER)
    note = _checked(note)
    with transaction.atomic():
        known = CallNote.objects.select_related("complaint", "summary").filter(once=note.once).first()
        if known is not None:
            access_complaint(actor, known.complaint_id)
            return known
        call = None if note.call_id is None else access_call(actor, note.call_id)
        complaint, message = _into_case(actor, note) if note.reference else _new_case(actor, note, call)
        _points(actor, complaint, note)
        if note.internal or (note.call_back and actor.can(Permission.CASE_WORK)):
            add_note(actor=actor, complaint_id=complaint.pk, text=_internal(note), kind="call")
        stored = CallNote.objects.create(
            once=note.once,
            call=call,
            author_id=actor.user_id,
            complaint=complaint,
            message=message,
            summary=_summary(actor, complaint, note),
            points=list(note.points),
            confirmed=note.confirmed,
            wish=note.wish,
            call_back=note.call_back,
            steps=list(note.steps),
            at=clock.now(),
        )
        if call is not None and actor.can(Permission.CASE_WORK):
            join_case(actor=actor, call_id=call.pk, complaint_id=complaint.pk)
    return stored


def _checked(note: NewCallNote) -> NewCallNote:
    if not note.once or len(note.once) > 64:
        raise BadInput("The note needs a key of its own of at most 64 characters.", field="once")
    text = clean(note.text).strip()
    if not text:
        raise BadInput("Note in a sentence what the caller said.", field="text")
    for name, lines in (("points", note.points), ("steps", note.steps)):
        if len(lines) > MAX_LINES or any(len(line) > LINE_LIMIT for line in lines):
            raise BadInput(f"At most {MAX_LINES} lines of {LINE_LIMIT} characters each.", field=name)
    return NewCallNote(
        once=note.once,
        text=text,
        reference=clean_line(note.reference),
        call_id=note.call_id,
        unit_id=note.unit_id,
        caller=note.caller,
        product=note.product,
        order=clean_line(note.order)[:100],
        points=[line for one in note.points if (line := clean_line(one))],
        confirmed=note.confirmed,
        wish=clean(note.wish).strip()[:5000],
        call_back=clean_line(note.call_back)[:200],
        steps=[line for one in note.steps if (line := clean_line(one))],
        internal=clean(note.internal).strip()[:20_000],
    )


def _into_case(actor: Actor, note: NewCallNote) -> tuple[Complaint, Message]:
    complaint = access_complaint(actor, note.reference, lock=True)
    person = complaint.representative or complaint.customer
    message = receive_message(
        actor=actor,
        complaint_id=complaint.pk,
        channel="phone",
        kind="call",
        text=note.text,
        from_name=note.caller.name or person.name,
    )
    return complaint, message


def _new_case(actor: Actor, note: NewCallNote, call: PhoneCall | None) -> tuple[Complaint, Message | None]:
    unit = Unit.objects.filter(pk=note.unit_id or (call.unit_id if call else 0)).first()
    if unit is None:
        raise BadInput("Say which unit the complaint is about.", field="unit")
    if not actor.sees_unit(unit.pk):
        raise NotFound
    began = (call.answered_at or call.first_at) if call else None
    attributes = {"order": note.order, "best_time_to_call": note.call_back, "call": call.call_key if call else ""}
    registration = register(
        actor=actor,
        new=NewComplaint(
            channel="phone",
            complainant=note.caller,
            unit_id=unit.pk,
            subject=shorten(note.text, 90),
            text=note.text,
            product=note.product,
            attributes={name: value for name, value in attributes.items() if value},
            desired_outcome=note.wish,
            source="phone",
            key=note.once,
            received_at=began,
        ),
    )
    message = Message.objects.filter(complaint=registration.complaint).order_by("id").first()
    return registration.complaint, message


def _points(actor: Actor, complaint: Complaint, note: NewCallNote) -> None:
    made = [add_point(actor=actor, complaint_id=complaint.pk, words=words).pk for words in note.points]
    if made and note.confirmed:
        confirm_points(actor=actor, complaint_id=complaint.pk, point_ids=made)


def _internal(note: NewCallNote) -> str:
    best = f"Best time to call: {note.call_back}" if note.call_back else ""
    return "\n\n".join(part for part in (note.internal, best) if part)


def _summary(actor: Actor, complaint: Complaint, note: NewCallNote) -> Message | None:
    """The written summary, on its way to the customer; without an address, what was agreed is kept as told by phone.

    A token that may only register complaints writes no letters.
    """
    if not actor.can(Permission.CASE_WORK) and actor.kind != "system":
        return None
    person = complaint.representative or complaint.customer
    house = unit_settings(complaint.unit_id)
    author = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    address = recipient_address(complaint)
    if not address and not (note.steps or note.confirmed):
        return None
    letter = summary(
        Spoken(
            language=language_of(complaint.language, person.language, house.language),
            name=person.name,
            reference=complaint.reference or "",
            public_id=complaint.public_id,
            said="" if note.points else note.text,
            points=tuple(note.points),
            confirmed=note.confirmed,
            wish=note.wish,
            steps=tuple(note.steps),
            call_back=note.call_back,
            author=author.name if author else "",
            author_phone=(author.phone if author else "") or house.phone,
            house=house.sender_name,
        )
    )
    message = queue_message(
        actor=actor,
        complaint_id=complaint.pk,
        kind="call",
        channel="email" if address else "phone",
        subject=letter.subject,
        text=letter.text,
        html=letter.html if address else "",
        purpose=f"call-summary:{note.once}"[:80],
        language=letter.language,
    )
    if message is not None and not address:
        mark_sent(message_id=message.pk)  # it was said on the phone: there is nothing left to send
    return message
