"""Whether a way up leads somewhere (PURE): no case goes round in a circle, and none waits for a team without people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TWICE, CIRCLE, SKIPPED, NOBODY = "twice", "circle", "skipped", "nobody"


@dataclass(frozen=True, slots=True)
class Step:
    """A team that stands on a tier of the way up. `people` counts those who may work on its cases."""

    tier: int
    team_id: int
    name: str
    team_tier: int
    people: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a way up is no way.

    `twice`: the team stands on `tier` and, lower, on `other`. `circle`: who has the case hands it on, and it passes the teams
    in `name` again and again. `skipped`: the step is never reached, because the team `name` below it is itself of tier
    `other`. `nobody`: the team has no people.
    """

    kind: str
    tier: int
    name: str
    other: int = 0


def problems_of(steps: Sequence[Step]) -> list[Problem]:
    """What is wrong with a whole path, from the lowest step up."""
    ordered = sorted(steps, key=lambda one: one.tier)
    found: list[Problem] = []
    for number, one in enumerate(ordered):
        below = ordered[:number]
        if again := next((other for other in below if other.team_id == one.team_id), None):
            found.append(Problem(TWICE, one.tier, one.name, again.tier))
            continue
        if above := next((other for other in below if other.team_tier >= one.tier), None):
            found.append(Problem(SKIPPED, one.tier, above.name, above.team_tier))
        if one.people == 0:
            found.append(Problem(NOBODY, one.tier, one.name))
    if not any(one.kind == TWICE for one in found) and (round_again := circle(ordered)):
        found.append(Problem(CIRCLE, round_again[0].tier, " → ".join(one.name for one in round_again)))
    return found


def circle(steps: Sequence[Step]) -> list[Step]:
    """Steps that a case passes again and again when each team hands it on; the last is the first. Nothing: it reaches the top.

    A team that takes a case gives it the team's own tier, so the next step is the first one above that tier.
    """
    ordered = sorted(steps, key=lambda one: one.tier)
    for start in ordered:
        met = [start]
        while (after := _next(ordered, met[-1])) is not None:
            if after in met:
                return [*met[met.index(after) :], after]
            met.append(after)
    return []


def _next(ordered: Sequence[Step], now: Step) -> Step | None:
    return next((one for one in ordered if one.tier > now.team_tier and one.team_id != now.team_id), None)
