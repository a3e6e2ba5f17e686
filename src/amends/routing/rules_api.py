"""Routing rules, people and desks in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from amends.accounts.public import Permission, User, team_by_key
from amends.core.api import api_actor, scope
from amends.core.errors import Conflict, NotFound
from amends.core.text import normalise_email
from amends.routing import desk, people_api, rulesets
from amends.routing.models import RuleSetVersion
from amends.routing.replay import replay
from amends.routing.ruleset import document_of
from amends.routing.trying import try_out
from amends.routing.wording import sentences

router = Router(tags=["routing"])
router.add_router("", people_api.router)


class VersionOut(Schema):
    """A rule set: `rules` is the document that can be sent back, `sentences` says it to people."""

    number: int | None
    state: str
    rules: dict[str, Any]
    sentences: list[str]
    activated_at: datetime | None
    activated_by: str
    reason: str


class RulesIn(Schema):
    """A whole rule set: `{"rules": [{"when": {…}, "to": {…}, "skill": ""}]}`."""

    rules: list[dict[str, Any]] = Field(max_length=200)


class WhyIn(Schema):
    """A reason in a sentence."""

    reason: str


class MoveOut(Schema):
    """So many cases that a rule (0: the last, for everything else) would have sent elsewhere."""

    rule: int
    from_team: str
    to_team: str
    cases: int


class TrialOut(Schema):
    """What the draft would have done with the last cases."""

    looked_at: int
    moved: int
    by_rule: dict[int, int]
    moves: list[MoveOut]
    examples: list[str]


class PersonLoadOut(Schema):
    """What one person would have had."""

    name: str
    cases: int
    peak: int
    capacity: int


class TeamLoadOut(Schema):
    """What one team would have had; waits in minutes."""

    name: str
    cases: int
    given: int
    unable: int
    left: int
    median_wait: float | None
    p95_wait: float | None


class SimulationOut(Schema):
    """A simulated time; `cut` says that older cases were left out."""

    cases: int
    cut: bool
    people: list[PersonLoadOut]
    teams: list[TeamLoadOut]


class DeskIn(Schema):
    """`by_hand` or `free`; hours as `{"mon": [["09:00", "17:00"]]}`, empty for always."""

    assigns: str
    hours: dict[str, list[list[str]]] = {}
    timezone: str = ""
    reason: str = Field("", max_length=2000)


class WorkerIn(Schema):
    """What somebody can take on; what is left out stays."""

    product_lines: list[str] | None = None
    regimes: list[str] | None = None
    skills: list[str] | None = None
    severity_up_to: int | None = None
    capacity: int | None = None
    hours: dict[str, list[list[str]]] | None = None
    timezone: str | None = None
    languages: list[str] | None = None
    reason: str | None = Field(None, max_length=2000)


class DoneOut(Schema):
    """It is done."""

    saved: bool = True


def _version_out(version: RuleSetVersion | None) -> VersionOut:
    rules = rulesets.rules_of(version)
    return VersionOut(
        number=version.number if version else None,
        state=str(version.state) if version else "built_in",
        rules=document_of(rules),
        sentences=sentences(rules),
        activated_at=version.activated_at if version else None,
        activated_by=version.activated_by_name if version else "",
        reason=version.reason if version else "",
    )


def _draft() -> RuleSetVersion:
    mine = rulesets.draft()
    if mine is None:
        raise NotFound("There is no draft: send one with PUT.")
    return mine


@router.get("/routing-rules", response=VersionOut, summary="The routing rules in force")
@scope(Permission.SETTINGS_CHANGE)
def active(request: HttpRequest) -> VersionOut:
    """The rules in force, to be kept or sent to another installation."""
    return _version_out(rulesets.active_version())


@router.get("/routing-rules/versions", response=list[VersionOut], summary="Versions of the routing rules")
@scope(Permission.SETTINGS_CHANGE)
def versions(request: HttpRequest) -> list[VersionOut]:
    """What was or is in force, newest first."""
    return [_version_out(one) for one in rulesets.versions()]


@router.get("/routing-rules/draft", response=VersionOut, summary="The draft of the routing rules")
@scope(Permission.SETTINGS_CHANGE)
def draft(request: HttpRequest) -> VersionOut:
    """The draft, if there is one."""
    return _version_out(_draft())


@router.put("/routing-rules/draft", response=VersionOut, summary="Write the draft of the routing rules")
@scope(Permission.SETTINGS_CHANGE)
def put_draft(request: HttpRequest, body: RulesIn) -> VersionOut:
    """Take a whole rule set as the draft; a wrong one is refused with the number of the rule and the field."""
    return _version_out(rulesets.save_draft(actor=api_actor(request), document=body.dict()))


@router.delete("/routing-rules/draft", response=DoneOut, summary="Discard the draft of the routing rules")
@scope(Permission.SETTINGS_CHANGE)
def delete_draft(request: HttpRequest) -> DoneOut:
    """Throw the draft away."""
    if not rulesets.discard_draft(actor=api_actor(request)):
        raise Conflict("There is no draft.")
    return DoneOut()


@router.get("/routing-rules/draft/trial", response=TrialOut, summary="Try the draft on past cases")
@scope(Permission.SETTINGS_CHANGE)
def trial(request: HttpRequest) -> TrialOut:
    """What the draft would have done with the last 500 routed cases; nothing is written."""
    return TrialOut.from_orm(try_out(actor=api_actor(request), rules=rulesets.rules_of(_draft())))


@router.get("/routing-rules/simulation", response=SimulationOut, summary="Simulate the load under the routing rules")
@scope(Permission.SETTINGS_CHANGE)
def simulation(request: HttpRequest, days: int = 30) -> SimulationOut:
    """The draft, else the rules in force, over the cases of the last days, with people's skills, capacity and hours."""
    rules = rulesets.rules_of(rulesets.draft() or rulesets.active_version())
    outcome = replay(actor=api_actor(request), rules=rules, days=days)
    return SimulationOut(
        cases=outcome.cases,
        cut=outcome.cut,
        people=[
            PersonLoadOut(name=name, cases=one.cases, peak=one.peak, capacity=one.capacity)
            for name, one in outcome.people
        ],
        teams=[
            TeamLoadOut(
                name=name, cases=one.cases, given=one.given, unable=one.unable, left=one.left,
                median_wait=one.median_wait, p95_wait=one.p95_wait,
            )
            for name, one in outcome.teams
        ],
    )  # fmt: skip


@router.post("/routing-rules/draft/activate", response=VersionOut, summary="Put the draft into force")
@scope(Permission.SETTINGS_CHANGE)
def activate(request: HttpRequest, body: WhyIn) -> VersionOut:
    """Cases that come from now on are routed by it."""
    return _version_out(rulesets.activate(actor=api_actor(request), reason=body.reason))


@router.post("/routing-rules/versions/{number}/activate", response=VersionOut, summary="Go back to older routing rules")
@scope(Permission.SETTINGS_CHANGE)
def roll_back(request: HttpRequest, number: int, body: WhyIn) -> VersionOut:
    """An older version comes into force again, as a new one."""
    return _version_out(rulesets.roll_back(actor=api_actor(request), number=number, reason=body.reason))


@router.put("/teams/{key}/desk", response=DoneOut, summary="Say how a team's cases find their owner")
@scope(Permission.SETTINGS_CHANGE)
def put_desk(request: HttpRequest, key: str, body: DeskIn) -> DoneOut:
    """By hand, or to whoever is free; and the team's hours."""
    desk.set_desk(actor=api_actor(request), team_id=team_by_key(key).pk, **body.dict())
    return DoneOut()


@router.put("/people/{email}/desk", response=DoneOut, summary="Say what somebody can take on")
@scope(Permission.SETTINGS_CHANGE)
def put_worker(request: HttpRequest, email: str, body: WorkerIn) -> DoneOut:
    """Skills, product lines, regimes, capacity and hours of a person."""
    user = User.objects.filter(email=normalise_email(email)[:254]).first()
    if user is None:
        raise NotFound("There is nobody with this address.")
    values = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    desk.set_worker(actor=api_actor(request), user_id=user.pk, **values)
    return DoneOut()
