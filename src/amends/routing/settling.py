"""Alerts that rest by themselves, because what they asked for has happened: somebody took the case, wrote, or ended it."""

from __future__ import annotations

from amends.accounts.public import SYSTEM, User, actor_for_user
from amends.cases.events import MessageSent, OwnerChanged, PhaseChanged
from amends.cases.public import OPEN_PHASES, Message
from amends.core.events import on
from amends.notifications.public import settle

NEW_CASE = frozenset({"serious_case"})


@on(OwnerChanged)
def somebody_took_it(event: OwnerChanged) -> None:
    """A serious case that has an owner has been taken up; a broken deadline is not kept by that alone."""
    if event.after_id is not None:
        owner = actor_for_user(User.objects.get(pk=event.after_id))
        settle(complaint_id=event.complaint_id, kinds=NEW_CASE, by=owner)


@on(MessageSent)
def somebody_wrote(event: MessageSent) -> None:
    """A person's answer to the customer is what every alert asks for."""
    if event.automatic:
        return
    message = Message.objects.select_related("author").get(pk=event.message_id)
    settle(complaint_id=event.complaint_id, by=actor_for_user(message.author) if message.author else SYSTEM)


@on(PhaseChanged)
def it_ended(event: PhaseChanged) -> None:
    """In a case that is over nobody has to be called."""
    if event.after not in OPEN_PHASES:
        settle(complaint_id=event.complaint_id, by=SYSTEM)
