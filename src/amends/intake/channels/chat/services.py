"""The verbs of the chat. Every line is a message of its case, stored before anybody is told of it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Greatest
from django.utils import translation
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, Unit, User, actor_for_user, customer_actor
from amends.audit.public import record
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    NewComplaint,
    Person,
    access_complaint,
    claim_for_sending,
    mark_sent,
    portal_token,
    queue_message,
    recipient_address,
    register,
)
from amends.core import clock
from amends.core.errors import BadInput
from amends.core.news import announce
from amends.core.text import clean, clean_line, shorten
from amends.intake.channels.chat import rules
from amends.intake.channels.chat.models import Chat, ChatDuty, Place
from amends.intake.channels.chat.selectors import chat_lines
from amends.intake.channels.web.guard import Stamp
from amends.intake.channels.web.receive import VISITOR, count_use, refuse_too_many

SOURCE = "chat"
_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")


def start_chat(
    *,
    actor: Actor = VISITOR,
    values: dict[str, Any],
    unit: Unit,
    stamp: Stamp,
    visitor: str,
    language: str,
    now: datetime,
) -> tuple[Chat, bool]:
    """Register the first words as a complaint at once, and open its chat; the same stamp again is the same chat.

    Args:
        values: `text`, `name`, `email`.
        visitor: the network address of the browser; only a digest of the day is kept.

    Raises:
        BadInput: there are no words, or they are too long.
        TooOftenError: more than a person sends in an hour.
        Conflict: this stamp was used before with other words.
    """
    text = checked_words(str(values.get("text", "")))
    person = Person(name=clean_line(values.get("name", ""))[:300], email=values.get("email", ""), language=language)
    new = NewComplaint(
        channel="chat",
        complainant=person,
        unit_id=unit.pk,
        subject=shorten(text, 90),
        text=text,
        source=SOURCE,
        key=stamp.key,
    )
    with transaction.atomic():
        refuse_too_many(source=SOURCE, stamp=stamp, visitor=visitor, email=person.email, now=now)
        registration = register(actor=actor, new=new)
        if registration.created:
            count_use(visitor=visitor, now=now)
        chat = open_chat(actor=actor, complaint=registration.complaint, place=Place.WIDGET)
    return chat, registration.created


def open_chat(*, actor: Actor, complaint: Complaint, place: Place = Place.PORTAL) -> Chat:
    """The chat of a case, opened if it was not; there is one for each case. Who calls this has authorised the actor."""
    with transaction.atomic():
        chat, created = Chat.objects.get_or_create(complaint_id=complaint.pk, defaults={"place": place})
        if chat.ended_at is not None:
            chat.ended_at, chat.opened_at = None, clock.now()
            chat.save(update_fields=["ended_at", "opened_at"])
            created = True
        if created:
            record(actor=actor, chain=f"complaint:{complaint.pk}", kind="chat_opened", data={"place": chat.place})
            tell(complaint, chat)
    return chat


def agent_says(*, actor: Actor, complaint_id: int, text: str, key: str) -> Message | None:
    """Answer in the chat; None when a line with this key is there already.

    The customer's page shows it at once; when nobody is there it goes by mail, or waits on the customer's page.

    Raises:
        BadInput: it is empty or too long. NotFound: the case is not theirs. NotAllowed: not for their role.
    """
    actor.require(Permission.CASE_WORK)
    text, purpose = checked_words(text), f"chat:{good_key(key)}"
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        chat = open_chat(actor=actor, complaint=complaint)
        message = queue_message(
            actor=actor,
            complaint_id=complaint.pk,
            kind="message",
            channel="chat",
            subject="",
            text=text,
            purpose=purpose,
        )
        changes: dict[str, Any] = {"agent_typing_at": None}
        if actor.user_id is not None:
            changes |= {"agent_id": actor.user_id, "agent_at": clock.now()}
        Chat.objects.filter(pk=chat.pk).update(**changes)
        tell(complaint, chat)
    return message


def seen(*, chat: Chat, up_to: int) -> None:
    """The customer's page has shown every line up to this id: what was on its way has arrived.

    A line is marked sent by comparison; one that the mail took in the meantime is left alone.
    """
    actor = customer_actor(complaint_id=chat.complaint_id, name="")
    with transaction.atomic():
        access_complaint(actor, chat.complaint_id, lock=True)
        shown = list(
            chat_lines(chat.complaint)
            .filter(pk__gt=chat.customer_seen, pk__lte=up_to)
            .values_list("pk", "direction", "state")
        )
        if not shown:
            return
        for pk, direction, state in shown:
            if direction == "out" and state == MessageState.QUEUED:
                mark_sent(message_id=pk)
        Chat.objects.filter(pk=chat.pk).update(customer_seen=Greatest("customer_seen", Value(shown[-1][0])))
        tell(chat.complaint, chat)


def customer_is_here(*, chat: Chat) -> None:
    """A sign of life of the customer's page; colleagues hear when it is the first for some time."""
    now = clock.now()
    before = Chat.objects.filter(pk=chat.pk).values_list("customer_at", "customer_left_at").first()
    Chat.objects.filter(pk=chat.pk).update(customer_at=now, customer_left_at=None)
    if before is None or not rules.is_here(*before, now):
        tell(chat.complaint, chat)


def customer_left(*, chat: Chat) -> None:
    """The customer's page was closed."""
    Chat.objects.filter(pk=chat.pk).update(customer_left_at=clock.now(), customer_typing_at=None)
    tell(chat.complaint, chat)


def on_duty(*, actor: Actor, chat: Chat | None = None) -> None:
    """A sign of life of a colleague's page of the chats, with this one open or none. Who only reads is not on duty."""
    if actor.user_id is None or not actor.can(Permission.CASE_WORK):
        return
    now = clock.now()
    ChatDuty.objects.update_or_create(user_id=actor.user_id, defaults={"at": now})
    if chat is not None:
        before = Chat.objects.filter(pk=chat.pk).values_list("agent_at", flat=True).first()
        Chat.objects.filter(pk=chat.pk).update(agent_at=now)
        if not rules.is_here(before, None, now):
            tell(chat.complaint, chat)


def off_duty(*, actor: Actor, chat: Chat | None = None) -> None:
    """The colleague closed the page; another one they have open says within seconds that they are there."""
    ChatDuty.objects.filter(user_id=actor.user_id or 0).delete()
    if chat is not None:
        Chat.objects.filter(pk=chat.pk).update(agent_at=None, agent_typing_at=None)
        tell(chat.complaint, chat)


def typing(*, chat: Chat, who: str) -> None:
    """Somebody (`customer` or `agent`) is writing; said at most every two seconds."""
    field = f"{who}_typing_at"
    now = clock.now()
    stale = Q(**{field: None}) | Q(**{f"{field}__lt": now - rules.TYPING_EVERY})
    if Chat.objects.filter(stale, pk=chat.pk).update(**{field: now}):
        tell(chat.complaint, chat)


def end_chat(*, actor: Actor, complaint_id: int) -> bool:
    """Close the chat; the words stay in the case, and the customer can open it again. True when it was open."""
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        won = Chat.objects.filter(complaint_id=complaint.pk, ended_at=None).update(
            ended_at=clock.now(), agent_typing_at=None, customer_typing_at=None
        )
        if won:
            record(actor=actor, chain=f"complaint:{complaint.pk}", kind="chat_ended", data={})
            tell(complaint, Chat.objects.get(complaint_id=complaint.pk))
    return bool(won)


def hand_over(*, message_id: int) -> bool:
    """Pass on what the customer's page has not shown: all such lines in one mail, or to their page. True: look again later.

    Each line is claimed by comparison first: a page that shows it in the same moment and the mail cannot both have it.
    """
    with transaction.atomic():
        message = Message.objects.filter(pk=message_id, state=MessageState.QUEUED, channel="chat").first()
        if message is None:
            return False
        complaint = access_complaint(SYSTEM, message.complaint_id, lock=True)
        chat = open_chat_row(complaint)
        address = recipient_address(complaint)
        way = rules.hand_over(
            written_at=message.at,
            customer_at=chat.customer_at,
            left_at=chat.customer_left_at,
            has_address=bool(address),
            now=clock.now(),
        )
        if way is rules.HandOver.WAIT:
            return True
        waiting = chat_lines(complaint).filter(direction="out", state=MessageState.QUEUED)
        mine = [line for pk in waiting.values_list("pk", flat=True) if (line := claim_for_sending(message_id=pk))]
        if way is rules.HandOver.MAIL and mine:
            _mail(complaint, mine)
        for line in mine:
            mark_sent(message_id=line.pk)
        tell(complaint, chat)
    return False


def open_chat_row(complaint: Complaint) -> Chat:
    """The chat of a case, locked; made when a line was written without one."""
    Chat.objects.get_or_create(complaint_id=complaint.pk, defaults={"place": Place.PORTAL})
    return Chat.objects.select_for_update().get(complaint_id=complaint.pk)


def _mail(complaint: Complaint, lines: list[Message]) -> None:
    """One mail with everything the customer has not seen, from the colleague who wrote last."""
    complaint = access_complaint(SYSTEM, complaint.pk)
    author = lines[-1].author
    words = "\n\n".join(line.text for line in lines)
    with translation.override(complaint.language if complaint.language in ("en", "de") else "en"):
        text = _(
            "you had left the chat when this answer came:\n\n%(words)s\n\nAnswer this mail, or go on here, where you also find "
            "everything we have written to each other:\n%(link)s"
        ) % {"words": words, "link": portal_address(complaint)}
        hello = _("Hello %(name)s,") % {"name": complaint.customer.name} if complaint.customer.name else _("Hello,")
    queue_message(
        actor=_as(author),
        complaint_id=complaint.pk,
        kind="message",
        channel="email",
        subject=f"Re: {complaint.subject or complaint.reference} [{complaint.reference}]",
        text=f"{hello}\n\n{text}",
        purpose=f"chat-mail:{lines[0].pk}",
    )


def _as(author: User | None) -> Actor:
    """The colleague who wrote, if they still may; the house otherwise."""
    actor = actor_for_user(author) if author is not None and author.is_active else SYSTEM
    return actor if actor.can(Permission.CASE_WORK) else SYSTEM


def portal_address(complaint: Complaint) -> str:
    """The full address of the customer's page of this case."""
    return f"{settings.AMENDS_PUBLIC_URL}/p/{portal_token(complaint.public_id)}/"


def sweep() -> tuple[list[int], int]:
    """Lines whose job was lost (their ids), and how many chats were ended because the customer has gone."""
    now = clock.now()
    lost = Message.objects.filter(
        channel="chat", direction="out", state=MessageState.QUEUED, at__lt=now - 3 * rules.GRACE
    )
    ended = 0
    for chat in Chat.objects.filter(ended_at=None, opened_at__lt=now - rules.ABANDONED).select_related("complaint")[
        :500
    ]:
        last = chat_lines(chat.complaint).order_by("-id").values_list("at", flat=True).first() or chat.opened_at
        if rules.is_abandoned(opened_at=chat.opened_at, customer_at=chat.customer_at, last_line_at=last, now=now):
            ended += end_chat(actor=SYSTEM, complaint_id=chat.complaint_id)
    return list(lost.order_by("id").values_list("pk", flat=True)[:500]), ended


def checked_words(text: str) -> str:
    """The words of a line.

    Raises:
        BadInput: there are none, or too many.
    """
    text = clean(text).strip()
    if not text:
        raise BadInput(_("Please write something first."), field="text")
    if len(text) > rules.LINE_LIMIT:
        raise BadInput(
            _("This is too long for the chat: at most %(count)d characters. Send it in parts.")
            % {"count": rules.LINE_LIMIT},
            field="text",
        )
    return text


def good_key(key: str) -> str:
    """The key of a line.

    Raises:
        BadInput: it is none.
    """
    if not _KEY.fullmatch(key):
        raise BadInput("The key of a line has 8 to 64 letters, digits and hyphens.", field="key")
    return key


def tell(complaint: Complaint, chat: Chat) -> None:
    """Open pages look again; heard at the commit. No words and no names go this way."""
    announce("chat", chat=chat.pk, unit=complaint.unit_id, team=complaint.team_id)
