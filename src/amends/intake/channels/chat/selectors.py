"""Questions about chats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from amends.accounts.public import Actor, Permission, User, actor_for_user, unit_settings
from amends.cases.public import Attachment, Complaint, Message, MessageState, visible_complaints
from amends.core import clock
from amends.intake.channels.chat.models import Chat, ChatDuty, Place
from amends.intake.channels.chat.rules import HERE_FOR, TOKEN_LIFE, is_here, is_typing
from amends.intake.channels.chat.tokens import read_chat_token
from amends.intake.channels.web.models import HeldFile, HeldState

PAGE = 200
ON_THEIR_WAY = (MessageState.QUEUED, MessageState.SENDING)


@dataclass(frozen=True, slots=True)
class LineFile:
    """A file that came with a line; `waits` for the virus scanner: nobody can open it yet."""

    id: int
    name: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chat. `way` says for our lines where they are: waiting, seen or passed_on (by mail, or on the page)."""

    id: int
    mine: bool
    who: str
    at: datetime
    text: str
    way: str = ""
    files: tuple[LineFile, ...] = ()

    def for_customer(self) -> dict[str, Any]:
        """What the customer's page shows; files by their name, the chat's secret opens none."""
        told = {"id": self.id, "mine": self.mine, "who": self.who, "at": self.at.isoformat(), "text": self.text}
        return told | {"files": [one.name for one in self.files]}


def chat_lines(complaint: Complaint) -> QuerySet[Message]:
    """The lines of a case's chat, in the order in which they were committed: each is written under the case's lock."""
    said = Message.objects.filter(complaint=complaint, channel="chat", direction__in=["in", "out"])
    return said.exclude(state=MessageState.CANCELLED).exclude(not_before__gt=clock.now()).order_by("id")


def lines_after(chat: Chat, after: int = 0) -> list[Line]:
    """At most `PAGE` lines with a greater id, oldest first; the customer's own are `mine`. Without `after` the last ones."""
    found = chat_lines(chat.complaint).select_related("author")
    rows = list(found.filter(pk__gt=after)[:PAGE] if after else reversed(found.reverse()[:PAGE]))
    house = unit_settings(chat.complaint.unit_id).sender_name
    files = _files([one.pk for one in rows])
    return [_line(one, chat.customer_seen, house, tuple(files.get(one.pk, ()))) for one in rows]


def _files(messages: list[int]) -> dict[int, list[LineFile]]:
    """The files of lines (two queries)."""
    found: dict[int, list[LineFile]] = {}
    there = Attachment.objects.filter(message__in=messages).order_by("id").values_list("message_id", "pk", "name")
    held = HeldFile.objects.filter(message__in=messages, state=HeldState.HELD).order_by("id")
    for message, pk, name in there:
        found.setdefault(message, []).append(LineFile(pk, name))
    for message, name in held.values_list("message_id", "name"):
        found.setdefault(message, []).append(LineFile(0, name, waits=True))
    return found


def _line(message: Message, seen: int, house: str, files: tuple[LineFile, ...]) -> Line:
    mine = message.direction == "in"
    author = message.author.name if message.author else message.from_name
    way = "" if mine else _way(message, seen)
    who = message.from_name if mine else (author or house)
    return Line(message.pk, mine, who, message.at, message.text, way, files)


def _way(message: Message, seen: int) -> str:
    if message.pk <= seen:
        return "seen"
    return "waiting" if message.state in ON_THEIR_WAY else "passed_on"


def chat_of_token(token: str) -> Chat | None:
    """The chat that a customer's page may take part in, or None: unknown, or nobody has been there for long."""
    public_id = read_chat_token(token)
    if public_id is None:
        return None
    chats = Chat.objects.select_related("complaint", "complaint__customer", "complaint__representative")
    chat = chats.filter(public_id=public_id).first()
    if chat is None or clock.now() - max(chat.opened_at, chat.customer_at or chat.opened_at) > TOKEN_LIFE:
        return None
    return chat


def chat_of(complaint: Complaint) -> Chat:
    """The chat of a case; one that is not stored when there is none yet."""
    chat = Chat.objects.filter(complaint_id=complaint.pk).first() or Chat(complaint=complaint, place=Place.PORTAL)
    chat.complaint = complaint
    return chat


def open_chats(actor: Actor) -> list[Chat]:
    """The open chats of cases that the actor may see, those that wait for us longest first."""
    cases = visible_complaints(actor).values("pk")
    chats = Chat.objects.filter(ended_at=None, complaint__in=cases).select_related(
        "complaint", "complaint__customer", "complaint__unit", "agent"
    )
    return sorted(chats[:PAGE], key=lambda chat: (chat.complaint.waiting_for_us_since is None, _since(chat), chat.pk))


def _since(chat: Chat) -> datetime:
    return chat.complaint.waiting_for_us_since or chat.opened_at


def somebody_is_there(unit_id: int, team_id: int | None = None) -> bool:
    """Whether a colleague who may answer in a case of this unit has the chats open."""
    duty = ChatDuty.objects.filter(Q(at__gt=clock.now() - HERE_FOR), user__is_active=True).select_related("user")
    return any(_may_answer(one.user, unit_id, team_id) for one in duty[:100])


def _may_answer(user: User, unit_id: int, team_id: int | None) -> bool:
    actor = actor_for_user(user)
    return actor.can(Permission.CASE_WORK) and actor.sees_case(unit_id, team_id)


def state_for_customer(chat: Chat) -> dict[str, Any]:
    """Who is there, for the customer's page: `agent` (in this chat), `staffed` (somebody is at the chats), `ended`."""
    now = clock.now()
    agent = is_here(chat.agent_at, None, now)
    return {
        "agent": agent,
        "staffed": agent or somebody_is_there(chat.complaint.unit_id, chat.complaint.team_id),
        "typing": is_typing(chat.agent_typing_at, now),
        "ended": chat.ended_at is not None,
    }


def state_for_agent(chat: Chat) -> dict[str, Any]:
    """Who is there, for the colleague's page."""
    now = clock.now()
    return {
        "here": is_here(chat.customer_at, chat.customer_left_at, now),
        "typing": is_typing(chat.customer_typing_at, now),
        "ended": chat.ended_at is not None,
    }
