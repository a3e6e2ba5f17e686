"""Units and teams in the API: what a program needs to name them."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from amends.accounts.models import Team, Unit
from amends.accounts.permissions import Permission
from amends.core.api import api_actor, scope

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


class TeamOut(Schema):
    """People who share a queue."""

    key: str
    name: str
    unit: str
    tier: int
    languages: list[str]


@router.get("/units", response=list[UnitOut], summary="List the units")
@scope(Permission.CASE_VIEW)
def units(request: HttpRequest) -> list[UnitOut]:
    """The units whose cases the token may see, from the top down."""
    actor = api_actor(request)
    return [
        UnitOut(
            key=one.key,
            name=one.name,
            kind=one.kind,
            parent=one.parent.key if one.parent else None,
            timezone=one.timezone,
            country=one.country,
            language=one.language,
            rule_packs=one.rule_packs,
        )
        for one in Unit.objects.select_related("parent").order_by("path")
        if actor.sees_unit(one.pk)
    ]


@router.get("/teams", response=list[TeamOut], summary="List the teams")
@scope(Permission.CASE_VIEW)
def teams(request: HttpRequest) -> list[TeamOut]:
    """Every team by tier; a case may be given to any of them."""
    return [
        TeamOut(key=one.key, name=one.name, unit=one.unit.key, tier=one.tier, languages=one.languages)
        for one in Team.objects.select_related("unit").order_by("tier", "name")
    ]
