"""The chat of a case for programs, such as a bridge to a messenger."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from amends.accounts.public import Permission
from amends.cases.public import access_complaint
from amends.core.api import api_actor, scope
from amends.intake.channels.chat import saying, services
from amends.intake.channels.chat.rules import LINE_LIMIT
from amends.intake.channels.chat.selectors import Line, chat_of, lines_after

router = Router(tags=["chat"])


class ChatLineOut(Schema):
    """One line; `delivery` of ours is waiting, seen or passed_on (by mail, or to the customer's page)."""

    id: int
    speaker: Literal["customer", "staff"]
    name: str
    at: datetime
    text: str
    delivery: str
    files: list[str] = Field(description="names of files that came with it; the case has them")


class ChatLinesIn(Schema):
    """Lines with a greater id than `after`."""

    after: int = Field(0, ge=0, le=2**62)


class NewChatLineIn(Schema):
    """A line to add. The same `key` again adds nothing."""

    model_config = ConfigDict(extra="forbid")
    speaker: Literal["customer", "staff"] = Field("staff", description="`customer`: words that you pass on for them")
    text: str = Field(max_length=LINE_LIMIT)
    key: str = Field(pattern=r"^[0-9A-Za-z-]{8,64}$", description="of your own choice, once for each line")


class ChatLineAddedOut(Schema):
    """The id of the line; null when one of ours with this key was there already.

    `reference` is the case it is in: a customer's words about a case that was closed long ago become a new one.
    """

    id: int | None
    reference: str


@router.get("/complaints/{reference}/chat", response=list[ChatLineOut], summary="The lines of a case's chat")
@scope(Permission.CASE_VIEW)
def chat_lines(request: HttpRequest, reference: str, page: Query[ChatLinesIn]) -> list[ChatLineOut]:
    """At most 200 lines, oldest first; ask again with `after` set to the last id. No chat: none."""
    chat = chat_of(access_complaint(api_actor(request), reference))
    return [_out(one) for one in lines_after(chat, page.after)]


def _out(line: Line) -> ChatLineOut:
    speaker: Literal["customer", "staff"] = "customer" if line.mine else "staff"
    files = [one.name for one in line.files]
    return ChatLineOut(
        id=line.id, speaker=speaker, name=line.who, at=line.at, text=line.text, delivery=line.way, files=files
    )


@router.post("/complaints/{reference}/chat", response={201: ChatLineAddedOut}, summary="Add a line to a case's chat")
@scope(Permission.CASE_WORK)
def add_chat_line(request: HttpRequest, reference: str, body: NewChatLineIn) -> Status[ChatLineAddedOut]:
    """Opens the chat when it is not open. A customer who is not there gets our line by mail, or finds it on their page."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    if body.speaker == "customer":
        said = saying.bridged_line(actor=actor, complaint_id=complaint.pk, text=body.text, key=body.key)
        number: int | None = said.message_id
        complaint = said.chat.complaint
    else:
        message = services.agent_says(actor=actor, complaint_id=complaint.pk, text=body.text, key=body.key)
        number = None if message is None else message.pk
    return Status(201, ChatLineAddedOut(id=number, reference=complaint.reference or ""))
