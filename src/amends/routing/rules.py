"""Which team a case belongs to, and who must know (PURE)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TeamChoice:
    """A team as the rule sees it. `path` is its unit's, `/1/4/`."""

    id: int
    name: str
    path: str
    tier: int
    languages: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Routed:
    """The team chosen, and why in one sentence of facts (no personal data)."""

    team_id: int
    reason: str


def choose_team(*, unit_path: str, language: str, teams: Sequence[TeamChoice], tier: int = 1) -> Routed | None:
    """The team for a case, of the front line unless another tier is asked.

    It is one that speaks the language, and of those the nearest to the unit.

    A team serves its own unit and everything below. A team without languages speaks none in particular and comes after
    those that name the language. Somebody who can read the words matters more than somebody in the same building, so
    language outranks nearness; where nobody speaks it, the nearest team gets the case rather than nobody.
    """
    serving = [team for team in teams if team.tier == tier and unit_path.startswith(team.path)]
    speaking = [team for team in teams if team.tier == tier and language and language in team.languages]
    pool = (
        [team for team in serving if language in team.languages]
        or speaking
        or serving
        or [one for one in teams if one.tier == tier]
    )
    if not pool:
        return None
    best = max(pool, key=lambda team: (_nearness(unit_path, team.path), -team.id))
    why = [
        f"speaks {language}"
        if language and language in best.languages
        else f"nobody is named for {language or 'this language'}"
    ]
    why.append("serves this unit" if unit_path.startswith(best.path) else "no nearer team fits")
    return Routed(best.id, ", ".join(why))


def _nearness(unit_path: str, team_path: str) -> int:
    """How many levels of the tree a unit and a team share."""
    shared = 0
    for one, two in zip(unit_path.strip("/").split("/"), team_path.strip("/").split("/"), strict=False):
        if one != two:
            break
        shared += 1
    return shared
