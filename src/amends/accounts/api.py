"""Units, teams and staff in the API: naming them, and building up an organisation."""

from __future__ import annotations

from typing import Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from amends.accounts import services
from amends.accounts.models import Team, Unit, UnitKind
from amends.accounts.permissions import Permission, Role
from amends.accounts.selectors import team_by_key, unit_by_key
from amends.core.api import api_actor, scope
from amends.core.errors import NotFound
from amends.core.text import clean_line

router = Router(tags=["organisation"])


class UnitOut(Schema):
    """A branch, shop, region or department; empty settings are inherited from the unit above."""

    key: str
    name: str
    kind: str
    parent: str | None
    timezone: str
    country: str
    language: str
    rule_packs: list[str]
    hours: dict[str, list[list[str]]]


class TeamOut(Schema):
    """People who share a queue."""

    key: str
    name: str
    unit: str
    tier: int
    languages: list[str]


KEY = Field(max_length=80, pattern=r"^[a-z0-9][a-z0-9-]*$")


class UnitIn(Schema):
    """A unit to add below `parent`; what is left empty is inherited."""

    key: str = KEY
    name: str = Field(min_length=1, max_length=200)
    parent: str = Field(max_length=80)
    kind: UnitKind = UnitKind.DEPARTMENT
    timezone: str = Field("", max_length=64)
    country: str = Field("", pattern=r"^([A-Z]{2})?$")
    subdivision: str = Field("", max_length=10, pattern=r"^[A-Z0-9]*$")
    language: str = Field("", pattern=r"^([a-z]{2})?$")
    currency: str = Field("", pattern=r"^([A-Z]{3})?$")
    rule_packs: list[str] = Field(default_factory=list, max_length=20)


class UnitChange(Schema):
    """Settings to change; what is not sent stays, what is empty is inherited from the unit above."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, min_length=1, max_length=200)
    timezone: str | None = Field(None, max_length=64)
    country: str | None = Field(None, pattern=r"^([A-Z]{2})?$")
    subdivision: str | None = Field(None, max_length=10, pattern=r"^[A-Z0-9]*$")
    language: str | None = Field(None, pattern=r"^([a-z]{2})?$")
    currency: str | None = Field(None, pattern=r"^([A-Z]{3})?$")
    rule_packs: list[str] | None = Field(None, max_length=20)
    hours: dict[str, list[list[str]]] | None = None
    sender_name: str | None = Field(None, max_length=200)
    sender_email: str | None = Field(None, max_length=254, pattern=r"^([^@\s\x00]+@[^@\s\x00]+)?$")
    inbound_address: str | None = Field(None, max_length=254, pattern=r"^([^@\s\x00]+@[^@\s\x00]+)?$")
    phone: str | None = Field(None, max_length=50)


class TeamIn(Schema):
    """A team to add."""

    key: str = KEY
    name: str = Field(min_length=1, max_length=200)
    unit: str = Field(max_length=80)
    tier: int = 1
    languages: list[str] = Field(default_factory=list, max_length=20)
    escalates_to: str = ""


class StaffIn(Schema):
    """A colleague to add, with a role for a unit and everything below it."""

    email: str = Field(max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$")
    name: str = Field(min_length=1, max_length=200)
    password: str = Field(max_length=200)
    role: Role
    unit: str = Field(max_length=80)
    teams: list[str] = Field(default_factory=list, max_length=20)
    title: str = Field("", max_length=200)
    phone: str = Field("", max_length=50)
    languages: list[str] = Field(default_factory=list, max_length=20)
    language: Literal["en", "de"] = "en"


class StaffOut(Schema):
    """A colleague."""

    id: int
    name: str


@router.get("/units", response=list[UnitOut], summary="List the units")
@scope(Permission.CASE_VIEW)
def units(request: HttpRequest) -> list[UnitOut]:
    """The units whose cases the token may see, from the top down."""
    actor = api_actor(request)
    return [_unit(one) for one in Unit.objects.select_related("parent").order_by("path") if actor.sees_unit(one.pk)]


@router.get("/teams", response=list[TeamOut], summary="List the teams")
@scope(Permission.CASE_VIEW)
def teams(request: HttpRequest) -> list[TeamOut]:
    """Every team by tier; a case may be given to any of them."""
    return [_team(one) for one in Team.objects.select_related("unit").order_by("tier", "name")]


def _unit(one: Unit) -> UnitOut:
    return UnitOut(
        key=one.key,
        name=one.name,
        kind=one.kind,
        parent=one.parent.key if one.parent else None,
        timezone=one.timezone,
        country=one.country,
        language=one.language,
        rule_packs=one.rule_packs,
        hours=one.hours,
    )


def _team(one: Team) -> TeamOut:
    return TeamOut(key=one.key, name=one.name, unit=one.unit.key, tier=one.tier, languages=one.languages)


@router.post("/units", response={201: UnitOut}, summary="Add a unit")
@scope(Permission.SETTINGS_CHANGE)
def add_unit(request: HttpRequest, body: UnitIn) -> Status[UnitOut]:
    """A branch, shop, region or department below another unit."""
    settings = body.dict(exclude={"key", "name", "parent", "kind"})
    parent = unit_by_key(body.parent)
    one = services.create_unit(
        actor=api_actor(request), key=body.key, name=body.name, parent=parent, kind=body.kind, **settings
    )
    return Status(201, _unit(one))


@router.patch("/units/{key}", response=UnitOut, summary="Change a unit")
@scope(Permission.SETTINGS_CHANGE)
def change_unit(request: HttpRequest, key: str, body: UnitChange) -> UnitOut:
    """Open complaints are counted anew when the zone, the place or the rule packs change."""
    actor = api_actor(request)
    unit = unit_by_key(key)
    if not actor.sees_unit(unit.pk):
        raise NotFound
    settings = {name: value for name, value in body.dict(exclude_unset=True).items() if value is not None}
    if "name" in settings:
        settings["name"] = clean_line(settings["name"])
    return _unit(services.change_unit(actor=actor, unit=unit, **settings))


@router.post("/teams", response={201: TeamOut}, summary="Add a team")
@scope(Permission.SETTINGS_CHANGE)
def add_team(request: HttpRequest, body: TeamIn) -> Status[TeamOut]:
    """A team with a queue of its own."""
    one = services.create_team(
        actor=api_actor(request),
        key=body.key,
        name=body.name,
        unit=unit_by_key(body.unit),
        tier=body.tier,
        languages=body.languages,
        escalates_to=team_by_key(body.escalates_to) if body.escalates_to else None,
    )
    return Status(201, _team(one))


@router.post("/staff", response={201: StaffOut}, summary="Add a colleague")
@scope(Permission.STAFF_MANAGE)
def add_staff(request: HttpRequest, body: StaffIn) -> Status[StaffOut]:
    """Somebody who may sign in, with one role and any teams."""
    user = services.create_user(
        actor=api_actor(request),
        email=body.email,
        name=body.name,
        password=body.password,
        roles=[(unit_by_key(body.unit), body.role)],
        teams=[team_by_key(key) for key in body.teams],
        title=clean_line(body.title),
        phone=clean_line(body.phone),
        languages=body.languages,
        language=body.language,
    )
    return Status(201, StaffOut(id=user.pk, name=user.name))
