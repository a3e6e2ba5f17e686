"""Escalation and hand-off in the API."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status

from amends.accounts.public import Permission, team_by_key, unit_by_key
from amends.cases.public import access_complaint
from amends.core.api import api_actor, scope
from amends.core.errors import Conflict, NotFound
from amends.routing import leadership, paths, rules_api, services, special_api
from amends.routing.configured import criteria_in_force
from amends.routing.criteria import try_on_past
from amends.routing.sections import HandoffOut, LeadershipLetterOut, handoff_out, leadership_letter_out

router = Router(tags=["routing"])
router.add_router("", rules_api.router)
router.add_router("", special_api.router)


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


class PathOut(Schema):
    """Tier → key of the team, with what is inherited from the units above."""

    path: dict[int, str]


class PathIn(Schema):
    """Tier (2 to 5) → key of the team; a tier that is left out is inherited."""

    path: dict[int, str]


@router.get("/units/{key}/escalation-path", response=PathOut, summary="The way up from a unit")
@scope(Permission.SETTINGS_CHANGE)
def escalation_path(request: HttpRequest, key: str) -> PathOut:
    """Which team follows which when a case of this unit goes up."""
    unit = unit_by_key(key)
    if not api_actor(request).sees_unit(unit.pk):
        raise NotFound
    return PathOut(path={tier: team.key for tier, team in sorted(paths.path_for(unit).items())})


@router.put("/units/{key}/escalation-path", response=PathOut, summary="Change the way up from a unit")
@scope(Permission.SETTINGS_CHANGE)
def change_escalation_path(request: HttpRequest, key: str, body: PathIn) -> PathOut:
    """Replace the unit's own steps; nothing inherits again."""
    teams = {tier: team_by_key(team).pk for tier, team in body.path.items()}
    found = paths.set_path(actor=api_actor(request), unit_id=unit_by_key(key).pk, teams=teams)
    return PathOut(path={tier: team.key for tier, team in sorted(found.items())})


class TrialOut(Schema):
    """The criteria as sentences with how often each would have held, and how many cases would have gone up."""

    version: str
    cases: int
    affected: int
    escalated: int
    rules: list[tuple[str, str, int]]


@router.get("/escalation-criteria", response=TrialOut, summary="The criteria of escalation, tried on past cases")
@scope(Permission.REPORT_VIEW)
def escalation_criteria(request: HttpRequest) -> TrialOut:
    """Each rule as key, sentence and count over the newest cases one may see."""
    rules, trial = criteria_in_force(), try_on_past(actor=api_actor(request))
    return TrialOut(
        version=rules.version,
        cases=trial.cases,
        affected=trial.affected,
        escalated=trial.escalated,
        rules=[(one.key, one.sentence(), trial.by_rule[one.key]) for one in rules.rule],
    )


@router.post(
    "/complaints/{reference}/leadership-letter",
    response={201: LeadershipLetterOut},
    summary="Propose a letter from somebody at the top",
)
@scope(Permission.CASE_ESCALATE)
def propose_leadership_letter(request: HttpRequest, reference: str, body: ReasonIn) -> Status[LeadershipLetterOut]:
    """The owner is asked to prepare it. People write, sign and send it on the case's page; no program does."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    made = leadership.propose_letter(actor=actor, complaint_id=complaint.pk, why=body.reason, key="")
    if made is None:
        raise Conflict("There is a letter in this case already, or nobody who could sign one.")
    return Status(201, leadership_letter_out(made))
