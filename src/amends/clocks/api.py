"""What changes deadlines, in the API: stated facts, duties done, parts of a complaint, another receipt, closed days."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from amends.accounts.public import Permission
from amends.cases.public import access_complaint, correct_receipt
from amends.clocks import services
from amends.clocks.models import Closure
from amends.clocks.sections import ClockOut, read_clocks
from amends.core.api import api_actor, scope

router = Router(tags=["clocks"])


class FactIn(Schema):
    """A fact to state; false or null takes it back."""

    model_config = ConfigDict(extra="forbid")
    value: bool | str | None = Field(description="true, a word of the rule pack, or a date such as 2026-03-02")
    reason: str = Field("", max_length=2000, description="for colleagues; required where the rule pack says so")


class PartsIn(Schema):
    """Which part of a mixed complaint each point belongs to; an empty part takes it out."""

    model_config = ConfigDict(extra="forbid")
    parts: dict[int, str] = Field(max_length=200, description="by the id of the point")


class DoneIn(Schema):
    """That the duty behind a clock was done: who did it and by which way, and when (now, unless given)."""

    model_config = ConfigDict(extra="forbid")
    how: str = Field(max_length=2000)
    at: datetime | None = Field(None, description="with its offset, such as 2026-03-02T09:30:00+01:00; null for now")
    event: str = Field("", max_length=40, description="one of the clock's `by_hand`; its first unless given")


class ReceiptIn(Schema):
    """When the complaint really reached you, and why that was noted otherwise."""

    model_config = ConfigDict(extra="forbid")
    received_at: datetime
    reason: str = Field(max_length=2000)


class ClosureIn(Schema):
    """Days on which a unit and everything below it does not work, both included."""

    model_config = ConfigDict(extra="forbid")
    first: date
    last: date
    name: str = Field(max_length=200)


class ClosureOut(ClosureIn):
    """A closure as it is stored."""

    id: int


@router.put("/complaints/{reference}/facts/{name}", response=list[ClockOut], summary="State a fact clocks depend on")
@scope(Permission.CASE_WORK)
def state_fact(request: HttpRequest, reference: str, name: str, body: FactIn) -> list[ClockOut]:
    """The names are those of the `facts` in the unit's rule packs; answers with the clocks as they then run."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    services.state_fact(actor=actor, complaint_id=complaint.pk, name=name, value=body.value, reason=body.reason)
    return read_clocks(complaint)


@router.put("/complaints/{reference}/parts", response=list[ClockOut], summary="Split a mixed complaint")
@scope(Permission.CASE_WORK)
def assign_parts(request: HttpRequest, reference: str, body: PartsIn) -> list[ClockOut]:
    """Points under different rules run different clocks, and the customer is told; answers with the clocks."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    services.assign_parts(actor=actor, complaint_id=complaint.pk, parts=body.parts)
    return read_clocks(complaint)


@router.post(
    "/complaints/{reference}/clocks/{clock_id}/done", response=list[ClockOut], summary="Note that a duty was done"
)
@scope(Permission.CASE_WORK)
def done(request: HttpRequest, reference: str, clock_id: int, body: DoneIn) -> list[ClockOut]:
    """For clocks that wait for something Amends cannot see (their `by_hand`); answers with the clocks, 409 the second time."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    services.done(actor=actor, complaint_id=complaint.pk, clock_id=clock_id, how=body.how, at=body.at, event=body.event)
    return read_clocks(complaint)


@router.put("/complaints/{reference}/receipt", response=list[ClockOut], summary="Correct the time of receipt")
@scope(Permission.CASE_WORK)
def receipt(request: HttpRequest, reference: str, body: ReceiptIn) -> list[ClockOut]:
    """Everything that counts from the receipt is counted anew; a date the customer knows does not move silently."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    correct_receipt(actor=actor, complaint_id=complaint.pk, received_at=body.received_at, reason=body.reason)
    return read_clocks(complaint)


@router.get("/units/{key}/closures", response=list[ClosureOut], summary="List a unit's closed days")
@scope(Permission.CASE_VIEW)
def closures(request: HttpRequest, key: str) -> list[ClosureOut]:
    """Those of the unit itself; those of the units above it hold as well."""
    return [_closure(one) for one in services.closures_of(actor=api_actor(request), unit_key=key)]


@router.post("/units/{key}/closures", response={201: ClosureOut}, summary="Close a unit on some days")
@scope(Permission.SETTINGS_CHANGE)
def add_closure(request: HttpRequest, key: str, body: ClosureIn) -> Status[ClosureOut]:
    """They count for the organisation's own promises; no regulator's calendar knows them."""
    one = services.add_closure(actor=api_actor(request), unit_key=key, first=body.first, last=body.last, name=body.name)
    return Status(201, _closure(one))


@router.delete("/closures/{closure_id}", response={204: None}, summary="Take a closure back")
@scope(Permission.SETTINGS_CHANGE)
def remove_closure(request: HttpRequest, closure_id: int) -> Status[None]:
    """Open complaints are counted anew."""
    services.remove_closure(actor=api_actor(request), closure_id=closure_id)
    return Status(204, None)


def _closure(one: Closure) -> ClosureOut:
    return ClosureOut(id=one.pk, first=one.first, last=one.last, name=one.name)
