"""What a customer does on their page, in their own case only."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, customer_actor
from amends.cases.public import (
    DONE_PHASES,
    Complaint,
    Message,
    access_complaint,
    add_point,
    points_of,
    receive_message,
)
from amends.core import clock
from amends.core.errors import BadInput
from amends.followup.public import take_up_again
from amends.intake.public import Scanned, hold_files, refuse_empty
from amends.portal.limits import MESSAGE_LIMIT, MESSAGES_PER_HOUR, POINT_LIMIT, POINTS_LIMIT, WINDOW


def actor_of(complaint: Complaint) -> Actor:
    """The customer of this case. The record gets no name: whose case it is stands there already."""
    return customer_actor(complaint_id=complaint.pk, name="")


def say(
    *,
    actor: Actor,
    complaint_id: int,
    text: str,
    key: str,
    files: Scanned,
    not_settled: bool = False,
) -> bool:
    """Add the customer's words and files to their case; the same `key` again does nothing. True when it was added.

    Args:
        files: those to keep, and those that wait for the virus scanner: they come into the case when it has seen them.
        not_settled: take a settled case up again.

    Raises:
        BadInput: it is empty, too long, or a flood.
    """
    if len(text) > MESSAGE_LIMIT:
        raise BadInput(_("This is very long. Please send it as a file."), field="text")
    refuse_empty(text, files)
    with transaction.atomic():
        access_complaint(actor, complaint_id, lock=True)
        complaint = access_complaint(actor, complaint_id)
        mine = Message.objects.filter(complaint=complaint, direction="in", channel="portal")
        if mine.filter(message_id=_message_id(key)).exists():
            return False
        if mine.filter(at__gt=clock.now() - WINDOW).count() >= MESSAGES_PER_HOUR:
            raise BadInput(_("That was a lot within one hour. Please write again later, or phone."), field="text")
        person = complaint.representative or complaint.customer
        message = receive_message(
            actor=actor,
            complaint_id=complaint_id,
            channel="portal",
            text=text,
            from_name=person.name,
            from_address=person.email,
            message_id=_message_id(key),
            files=files.clean,
        )
        hold_files(actor=actor, message=message, files=files.held)
        if not_settled and complaint.phase in DONE_PHASES:
            take_up_again(actor=actor, complaint_id=complaint_id, why="the customer wrote on their page")
    return True


def _message_id(key: str) -> str:
    return f"portal.{key}"


def name_point(*, actor: Actor, complaint_id: int, words: str) -> None:
    """Add a point the customer misses on the list; what is there already is not added again.

    Raises:
        BadInput: it is empty or too long, or the list is.
    """
    words = " ".join(words.split())
    if not words:
        raise BadInput(_("Please say in a few words what is missing."), field="words")
    if len(words) > POINT_LIMIT:
        raise BadInput(_("Please say it more briefly, and the rest in a message below."), field="words")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        points = points_of(complaint)
        if any(point.words.casefold() == words.casefold() for point in points):
            return
        if len(points) >= POINTS_LIMIT:
            raise BadInput(_("The list is full. Please write the rest in a message below."), field="words")
        add_point(actor=actor, complaint_id=complaint_id, words=words)
