"""The ways up of all units: read as sentences, checked before they are changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, Team, TeamMember, Unit, who_can
from amends.routing.models import PathStep
from amends.routing.path_rules import CIRCLE, NOBODY, SKIPPED, TWICE, Problem, Step, problems_of

TIERS = (2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Way:
    """The way up of one unit; `own` are the tiers that it names itself, the others are inherited.

    `hands` are the unit's teams with the team that each names itself: they count where the unit has no way up.
    """

    unit: Unit
    depth: int
    steps: tuple[Step, ...]
    own: frozenset[int]
    problems: tuple[Problem, ...]
    hands: tuple[tuple[str, str], ...] = ()

    @property
    def sentence(self) -> str:
        """The way in one sentence."""
        names = [_("%(team)s (tier %(tier)s)") % {"team": one.name, "tier": one.tier} for one in self.steps]
        if not names:
            handed = [
                _("%(team)s hands a case to %(next)s.") % {"team": team, "next": after} for team, after in self.hands
            ]
            return " ".join([_("Each team hands a case to the team that it names itself."), *handed])
        then = _(", then to ").join(names)
        return _("A case goes up to %(teams)s; above that, the people in charge are told.") % {"teams": then}

    @property
    def problem_sentences(self) -> list[str]:
        """What is wrong with it."""
        return [problem_words(one) for one in self.problems]


class Ways:
    """Every unit's steps and every team (5 queries, whatever their number)."""

    def __init__(self) -> None:
        self.units = {one.pk: one for one in Unit.objects.order_by("path")}
        self.teams = {one.pk: one for one in Team.objects.order_by("tier", "name", "id")}
        members = list(TeamMember.objects.filter(user__is_active=True).values_list("team_id", "user_id"))
        able = who_can(Permission.CASE_WORK, {user for _team, user in members})
        self._people = {
            team: sum(1 for other, user in members if other == team and user in able) for team in self.teams
        }
        self.own: dict[int, dict[int, int]] = {}
        for unit, tier, team in PathStep.objects.values_list("unit_id", "tier", "team_id"):
            self.own.setdefault(unit, {})[tier] = team

    def way(self, unit: Unit, instead: Mapping[int, Mapping[int, int]] | None = None) -> Way:
        """The way up of a unit; `instead` has the steps that some units would have."""
        above = [int(part) for part in unit.path.strip("/").split("/")]
        chosen: dict[int, int] = {}
        own: Mapping[int, int] = {}
        for unit_id in above:
            own = (instead or {}).get(unit_id, self.own.get(unit_id, {}))
            chosen |= own
        steps = tuple(self._step(tier, team) for tier, team in sorted(chosen.items()))
        hands = tuple(
            (one.name, self.teams[one.escalates_to_id].name)
            for one in self.teams.values()
            if one.unit_id == unit.pk and one.escalates_to_id
        )
        return Way(unit, len(above) - 1, steps, frozenset(own), tuple(problems_of(steps)), hands)

    def _step(self, tier: int, team_id: int) -> Step:
        team = self.teams[team_id]
        return Step(tier, team.pk, team.name, team.tier, self._people[team.pk])

    def refusals(self, unit: Unit, teams: Mapping[int, int]) -> list[str]:
        """What would be wrong in the unit or below if these were its own steps; what is wrong already below is not its doing."""
        said = []
        for one in self.units.values():
            if not one.path.startswith(unit.path):
                continue
            before = self.way(one).problems if one.pk != unit.pk else ()
            for problem in self.way(one, {unit.pk: teams}).problems:
                words = problem_words(problem)
                if problem not in before and words not in said:
                    said.append(words if one.pk == unit.pk else f"{one.name}: {words}")
        return said


def ways_for(actor: Actor) -> list[Way]:
    """The ways of the units that the actor sees, from the top of the tree down."""
    found = Ways()
    return [found.way(one) for one in found.units.values() if actor.sees_unit(one.pk)]


def problem_words(one: Problem) -> str:
    """The problem in a sentence."""
    values = {"team": one.name, "tier": one.tier, "other": one.other}
    return {
        TWICE: _(
            "%(team)s stands on tier %(other)s and again on tier %(tier)s: a case would come back to the same people."
        ),
        CIRCLE: _("A case would go round in a circle: %(team)s."),
        SKIPPED: _(
            "Tier %(tier)s is never reached: %(team)s, which stands below it, is a team of tier %(other)s already."
        ),
        NOBODY: _("%(team)s on tier %(tier)s has nobody who works on cases: a case would wait there for nobody."),
    }[one.kind] % values


def teams_without_way() -> list[Team]:
    """Teams of the front line that hand a case to nobody, in units without a way up."""
    found = Ways()
    front = Team.objects.filter(escalates_to=None, tier=1).annotate(size=Count("team_members")).select_related("unit")
    return [one for one in front.order_by("name") if not found.way(found.units[one.unit_id]).steps]
