"""The way up: which team follows which, for each unit and everything below it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, Team, Unit
from amends.audit.public import record
from amends.cases.public import Complaint
from amends.core.errors import BadInput, NotFound
from amends.routing.desk import note_change, said_why
from amends.routing.models import PathStep
from amends.routing.ways import Ways


def path_for(unit: Unit) -> dict[int, Team]:
    """The team of each tier for a unit; a tier that the unit does not name is inherited from the unit above (1 query)."""
    above = [int(part) for part in unit.path.strip("/").split("/") if part]
    steps = PathStep.objects.filter(unit_id__in=above).select_related("team")
    return {one.tier: one.team for one in sorted(steps, key=lambda one: above.index(one.unit_id))}


def next_team(complaint: Complaint, *, team: Team | None, tier: int, asked: Collection[int] = ()) -> Team | None:
    """The next team on the way up that was not asked yet: the unit's path, else the team's own; None at the top."""
    path = path_for(complaint.unit)
    above = [path[step] for step in sorted(path) if step > tier]
    if not path:
        if team is not None:
            above = [team.escalates_to] if team.escalates_to else []
        else:
            above = list(Team.objects.filter(tier__gt=tier).order_by("tier", "id")[:1])
    known = {*asked, team.pk if team else 0}
    return next((one for one in above if one.pk not in known), None)


def set_path(*, actor: Actor, unit_id: int, teams: Mapping[int, int], reason: str = "") -> dict[int, Team]:
    """The unit's own steps, tier → team; nothing inherits again. The whole path with what is inherited.

    Raises:
        BadInput: a tier is not 2 to 5, a team is not known, a case would go round in a circle or wait for nobody, or a person
            gives no reason.
        NotFound: the unit is not the actor's to see.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None or not actor.sees_unit(unit_id):
        raise NotFound
    if any(not 2 <= tier <= 5 for tier in teams):
        raise BadInput(_("A case goes up to tier 2, 3, 4 or 5."), field="tiers")
    if Team.objects.filter(pk__in=set(teams.values())).count() != len(set(teams.values())):
        raise BadInput(_("One of these teams is not known: choose them from the list."), field="teams")
    with transaction.atomic():
        # The tree's paths depend on each other: whoever changes one waits for whoever changes another.
        Unit.objects.select_for_update().get(parent=None)
        ways = Ways()
        wrong = ways.refusals(unit, teams)
        if wrong:
            raise BadInput(" ".join(wrong), field="teams")
        before = ways.own.get(unit.pk, {})
        if before == dict(teams):
            return path_for(unit)
        why = said_why(actor, reason)
        PathStep.objects.filter(unit=unit).delete()
        PathStep.objects.bulk_create(
            [PathStep(unit=unit, tier=tier, team_id=team) for tier, team in sorted(teams.items())]
        )
        change = {"field": "path", "before": _named(ways, before), "after": _named(ways, teams)}
        note_change(actor=actor, unit=unit, changes=[change], reason=why)
        data = {"unit": unit.pk, "teams": [[tier, team] for tier, team in sorted(teams.items())]}
        record(actor=actor, chain=f"unit:{unit.pk}", kind="escalation_path", data=data)
    return path_for(unit)


def _named(ways: Ways, teams: Mapping[int, int]) -> list[str]:
    return [f"{tier}: {ways.teams[team].name}" for tier, team in sorted(teams.items())]
