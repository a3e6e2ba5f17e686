"""What the customer says in the chat: words and files, into their case, or into the one that goes on from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, customer_actor
from amends.cases.public import (
    AnswerTo,
    Attachment,
    Complaint,
    LinkKind,
    Message,
    NewComplaint,
    Person,
    access_complaint,
    link_cases,
    receive_message,
    register,
)
from amends.core import clock
from amends.core.text import clean, shorten
from amends.intake.channels.chat import rules
from amends.intake.channels.chat.models import Chat, Place
from amends.intake.channels.chat.services import checked_words, good_key, open_chat, tell
from amends.intake.channels.email.thanks import only_thanks
from amends.intake.channels.web.models import HeldFile
from amends.intake.channels.web.receive import VISITOR, TooOftenError
from amends.intake.channels.web.scanning import Scanned, hold_files, refuse_empty
from amends.intake.following import place_of_answer

NO_FILES = Scanned()


@dataclass(frozen=True, slots=True)
class Said:
    """Where the words are now.

    Attributes:
        message_id: the line.
        chat: the chat it is in; another one than before when the case was closed long ago.
    """

    message_id: int
    chat: Chat


def customer_says(*, chat: Chat, text: str, key: str, files: Scanned = NO_FILES) -> Said:
    """Add the customer's line; the same `key` again does nothing.

    A case that was settled opens again, unless they only say thank you. One that was closed long ago stays closed: the
    words become a case of their own, linked to the old one, with a chat of its own.

    Args:
        files: those to keep, and those that wait for the virus scanner.

    Raises:
        BadInput: it is empty or too long, or the key is odd.
        TooOftenError: it is a flood.
    """
    text = checked_words(text) if clean(text).strip() or not (files.clean or files.held) else ""
    refuse_empty(text, files)
    message_id = f"chat.{good_key(key)}"
    actor = customer_actor(complaint_id=chat.complaint_id, name="")
    with transaction.atomic():
        old = access_complaint(actor, chat.complaint_id, lock=True)
        complaint, answer = place_of_answer(old)
        mine = Message.objects.filter(complaint=complaint, direction="in", channel="chat")
        known = mine.filter(message_id=message_id).first()
        if known is not None:
            return Said(known.pk, open_chat(actor=VISITOR, complaint=complaint, place=Place(chat.place)))
        _refuse_flood(mine, files, clock.now())
        if answer is AnswerTo.FOLLOWS:
            return _go_on(chat, complaint, text, message_id, files)
        actor = customer_actor(complaint_id=complaint.pk, name="")
        message = _receive(actor, complaint, text, message_id, files, reopens=_reopens(complaint, answer, text, files))
        there = open_chat(actor=actor, complaint=complaint, place=Place(chat.place))
        there.complaint = complaint
        Chat.objects.filter(pk=there.pk).update(customer_typing_at=None)
        tell(complaint, there)
    return Said(message.pk, there)


def _reopens(complaint: Complaint, answer: AnswerTo, text: str, files: Scanned) -> bool:
    names = (complaint.customer.name, complaint.owner.name if complaint.owner else "", complaint.unit.name)
    more = bool(files.clean or files.held)
    return answer is AnswerTo.REOPENS and (more or not only_thanks(text, names=names))


def _receive(
    actor: Actor, complaint: Complaint, text: str, message_id: str, files: Scanned, *, reopens: bool
) -> Message:
    person = complaint.representative or complaint.customer
    message = receive_message(
        actor=actor,
        complaint_id=complaint.pk,
        channel="chat",
        text=text,
        from_name=person.name,
        from_address=person.email,
        message_id=message_id,
        files=files.clean,
        reopens=reopens,
    )
    hold_files(actor=actor, message=message, files=files.held)
    return message


def _go_on(chat: Chat, old: Complaint, text: str, message_id: str, files: Scanned) -> Said:
    """The first words of a case that goes on from one that was closed long ago."""
    people = [old.customer, *([old.representative] if old.representative else [])]
    customer, *representatives = [
        Person(name=one.name, email=one.email, phone=one.phone, language=one.language) for one in people
    ]
    new = NewComplaint(
        channel="chat",
        complainant=customer,
        representative=representatives[0] if representatives else None,
        unit_id=old.unit_id,
        subject=shorten(text or (files.clean[0].name if files.clean else ""), 90),
        text=text or _("The customer sent files."),
        product=(old.product.name if old.product else old.product_text)[:300],
        source="chat",
        key=f"{chat.public_id}:{message_id}",
        message_id=message_id,
        files=files.clean,
    )
    registration = register(actor=VISITOR, new=new)
    complaint = registration.complaint
    first = Message.objects.filter(complaint=complaint).order_by("pk")[0]
    if registration.created:
        hold_files(actor=VISITOR, message=first, files=files.held)
        link_cases(actor=SYSTEM, complaint_id=complaint.pk, other_id=old.pk, kind=LinkKind.FOLLOWS)
    there = open_chat(actor=VISITOR, complaint=complaint, place=Place(chat.place))
    there.complaint = complaint
    return Said(first.pk, there)


def bridged_line(*, actor: Actor, complaint_id: int, text: str, key: str) -> Said:
    """Add a line of the customer's that a program of ours passes on, such as a messenger's.

    Raises:
        NotFound, BadInput, TooOftenError: as for the customer's own.
    """
    actor.require(Permission.CASE_WORK)
    complaint = access_complaint(actor, complaint_id)
    return customer_says(chat=open_chat(actor=actor, complaint=complaint, place=Place.WIDGET), text=text, key=key)


def _refuse_flood(mine: QuerySet[Message], files: Scanned, now: datetime) -> None:
    since = now - timedelta(hours=1)
    hour = list(mine.filter(at__gt=since).values_list("at", flat=True))
    minute = [at for at in hour if at > now - timedelta(minutes=1)]
    if len(minute) >= rules.LINES_PER_MINUTE or len(hour) >= rules.LINES_PER_HOUR:
        raise TooOftenError(_("That was a lot within a short time. Your words are still there: send them in a minute."))
    more = len(files.clean) + len(files.held)
    if more and more + _files_since(mine, since) > rules.FILES_PER_HOUR:
        raise TooOftenError(_("These are many files within an hour. Please send the rest later."))


def _files_since(mine: QuerySet[Message], since: datetime) -> int:
    lately = mine.filter(at__gt=since).values("pk")
    return Attachment.objects.filter(message__in=lately).count() + HeldFile.objects.filter(message__in=lately).count()
