"""Calls in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from amends.accounts.public import Actor, Permission, unit_by_key
from amends.cases.public import Person, sees
from amends.core.api import api_actor, scope
from amends.core.errors import NotAllowed
from amends.intake.channels.phone import callers, calls
from amends.intake.channels.phone.models import PhoneCall
from amends.intake.channels.phone.notes import MAX_LINES, NewCallNote, save_note

router = Router(tags=["calls"])
PAGE = 100


class CaseOut(Schema):
    """A case of a caller."""

    reference: str
    subject: str
    phase: str


class CallOut(Schema):
    """A call. `complaint` is the case it was about, `open_cases` those of the caller, as far as the token may see them."""

    id: int
    call: str
    unit: str
    direction: str
    state: str
    number: str
    our_number: str
    extension: str
    agent: str
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    recording_url: str
    called_back_at: datetime | None
    complaint: str | None
    open_cases: list[CaseOut]


class CallsIn(Schema):
    """Which calls: of a state, only those to be called back, and smaller ids than `before`."""

    state: Literal["", "ringing", "answered", "ended", "missed"] = ""
    to_call_back: bool = False
    before: int | None = Field(None, ge=1, le=2**62)


class CallerIn(Schema):
    """Who called."""

    name: str = Field("", max_length=300)
    email: str = Field("", max_length=320)
    phone: str = Field("", max_length=80)
    language: str = Field("", max_length=10)


class NoteIn(Schema):
    """A call note: in the case `reference`, or a new complaint of `unit`. The same `key` again is the same note."""

    key: str = Field(min_length=8, max_length=64)
    text: str = Field(min_length=1, max_length=50_000)
    reference: str = Field("", max_length=20)
    unit: str = Field("", max_length=80)
    call: int | None = Field(None, ge=1, le=2**62)
    caller: CallerIn = Field(default_factory=lambda: CallerIn(name="", email="", phone="", language=""))
    product: str = Field("", max_length=300)
    order: str = Field("", max_length=100)
    points: list[str] = Field(default_factory=list, max_length=MAX_LINES)
    confirmed: bool = False
    wish: str = Field("", max_length=5000)
    call_back: str = Field("", max_length=200)
    steps: list[str] = Field(default_factory=list, max_length=MAX_LINES)
    internal: str = Field("", max_length=20_000)


class NoteOut(Schema):
    """Where the call was noted, and whether a written summary is on its way."""

    reference: str
    summary: Literal["mail", "phone", "none"]


def _out(actor: Actor, call: PhoneCall) -> CallOut:
    complaint = call.complaint
    seen = complaint is not None and sees(actor, complaint)
    cases = [case for caller in callers.callers_of(actor, call.number) for case in caller.open_cases]
    return CallOut(
        id=call.pk,
        call=call.call_key,
        unit=call.unit.key,
        direction=call.direction,
        state=call.state,
        number=call.number,
        our_number=call.our_number,
        extension=call.extension,
        agent=call.agent.name if call.agent else "",
        ringing_at=call.ringing_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        recording_url=call.recording_url,
        called_back_at=call.called_back_at,
        complaint=complaint.reference if seen and complaint else None,
        open_cases=[
            CaseOut(reference=case.reference or "", subject=case.subject, phase=case.phase)
            for case in {one.pk: one for one in cases}.values()
        ],
    )


@router.get("/calls", response=list[CallOut], summary="Calls, newest first")
@scope(Permission.CASE_VIEW)
def list_(request: HttpRequest, query: Query[CallsIn]) -> list[CallOut]:
    """At most 100; ask again with `before` set to the smallest id."""
    actor = api_actor(request)
    found = calls.visible_calls(actor).order_by("-id")
    if query.state:
        found = found.filter(state=query.state)
    if query.to_call_back:
        found = found.filter(state="missed", called_back_at=None)
    if query.before is not None:
        found = found.filter(pk__lt=query.before)
    return [_out(actor, one) for one in found[:PAGE]]


@router.get("/calls/{number}", response=CallOut, summary="A call with its caller's open cases")
@scope(Permission.CASE_VIEW)
def read(request: HttpRequest, number: int) -> CallOut:
    """By its id here."""
    actor = api_actor(request)
    return _out(actor, calls.access_call(actor, number))


@router.post("/calls/{number}/called-back", response=CallOut, summary="A missed call was called back")
@scope(Permission.CASE_WORK)
def called_back(request: HttpRequest, number: int) -> CallOut:
    """It leaves the list of those to call back."""
    actor = api_actor(request)
    calls.called_back(actor=actor, call_id=number)
    return _out(actor, calls.access_call(actor, number))


@router.post("/call-notes", response={201: NoteOut}, summary="Note a call")
@scope(Permission.CASE_WORK)
def note(request: HttpRequest, body: NoteIn) -> Status[NoteOut]:
    """Registers a complaint by phone (needs the scope to register too), or adds the call to a case."""
    actor = api_actor(request)
    if not body.reference and not actor.can(Permission.CASE_REGISTER):
        raise NotAllowed("This token may not register complaints: give it the scope `intake`.")
    stored = save_note(
        actor=actor,
        note=NewCallNote(
            once=body.key,
            text=body.text,
            reference=body.reference,
            call_id=body.call,
            unit_id=unit_by_key(body.unit).pk if body.unit else None,
            caller=Person(
                name=body.caller.name, email=body.caller.email, phone=body.caller.phone, language=body.caller.language
            ),
            product=body.product,
            order=body.order,
            points=body.points,
            confirmed=body.confirmed,
            wish=body.wish,
            call_back=body.call_back,
            steps=body.steps,
            internal=body.internal,
        ),
    )
    way: Literal["mail", "phone", "none"] = "none"
    if stored.summary is not None:
        way = "phone" if stored.summary.channel == "phone" else "mail"
    return Status(201, NoteOut(reference=stored.complaint.reference or "", summary=way))
