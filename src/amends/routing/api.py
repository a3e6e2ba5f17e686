"""Escalation and hand-off in the API."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status

from amends.accounts.public import Permission, team_by_key
from amends.cases.public import access_complaint
from amends.core.api import api_actor, scope
from amends.routing import services
from amends.routing.sections import HandoffOut, handoff_out

router = Router(tags=["routing"])


class EscalateIn(Schema):
    """Why, and to whom; without a team the case goes up its own path."""

    reason: str
    team: str = ""


class ReasonIn(Schema):
    """A reason in a sentence."""

    reason: str


@router.post("/complaints/{reference}/escalate", response={201: HandoffOut}, summary="Offer the case to a higher tier")
@scope(Permission.CASE_ESCALATE)
def escalate(request: HttpRequest, reference: str, body: EscalateIn) -> Status[HandoffOut]:
    """Offer the case to another team with its packet."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    handoff = services.escalate(
        actor=actor,
        complaint_id=complaint.pk,
        reason=body.reason,
        to_team_id=team_by_key(body.team).pk if body.team else None,
    )
    return Status(201, handoff_out(handoff))


@router.post("/handoffs/{handoff_id}/accept", response=HandoffOut, summary="Accept a hand-off")
@scope(Permission.CASE_WORK)
def accept(request: HttpRequest, handoff_id: int) -> HandoffOut:
    """Take the case over for the team it was offered to."""
    return handoff_out(services.accept_handoff(actor=api_actor(request), handoff_id=handoff_id))


@router.post("/handoffs/{handoff_id}/return", response=HandoffOut, summary="Return a hand-off")
@scope(Permission.CASE_WORK)
def return_(request: HttpRequest, handoff_id: int, body: ReasonIn) -> HandoffOut:
    """Give the case back with a reason."""
    return handoff_out(services.return_handoff(actor=api_actor(request), handoff_id=handoff_id, reason=body.reason))
