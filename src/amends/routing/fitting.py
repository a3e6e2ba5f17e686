"""Who could take which waiting case, and what is missing where nobody can (PURE)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from amends.routing.assigning import Person, Waiting

ABOUT, SEVERITY, SKILL, LANGUAGE, LINE, REGIME, ROOM = (
    "about", "severity", "skill", "language", "line", "regime", "room",
)  # fmt: skip
TOGETHER = "together"
"""Each thing that the case asks for is there, but nobody has all of them."""


def lacks(person: Person, case: Waiting) -> frozenset[str]:
    """What keeps the person from ever taking the case, however free they are; nothing when they could."""
    found = {
        ABOUT: person.id in case.about,
        SEVERITY: case.severity > person.severity_up_to,
        SKILL: bool(case.skill) and case.skill not in person.skills,
        LANGUAGE: bool(case.language and person.languages) and case.language not in person.languages,
        LINE: bool(case.line and person.lines) and case.line not in person.lines,
        REGIME: bool(case.regimes and person.regimes) and not case.regimes <= person.regimes,
        ROOM: person.capacity < case.severity,
    }
    return frozenset(name for name, holds in found.items() if holds)


@dataclass(frozen=True, slots=True)
class Undoable:
    """A waiting case that nobody of the team can do; `missing` are the things that each of them lacks."""

    case: Waiting
    missing: tuple[str, ...]


def undoable(cases: Iterable[Waiting], people: Sequence[Person]) -> list[Undoable]:
    """The cases that nobody can do, in their order. Where there is nobody, nothing is missing but people."""
    found = []
    for case in cases:
        missing = [lacks(one, case) for one in people]
        if all(missing):
            common = frozenset.intersection(*missing) if missing else frozenset()
            found.append(Undoable(case, tuple(sorted(common)) or ((TOGETHER,) if people else ())))
    return found


def why_none(person: Person, cases: Sequence[Waiting]) -> frozenset[str]:
    """What keeps somebody from every one of the waiting cases; nothing when they could do one, or none waits.

    Where each case lacks something else, all of it is said.
    """
    missing = [lacks(person, one) for one in cases]
    if not missing or not all(missing):
        return frozenset()
    return frozenset.intersection(*missing) or frozenset.union(*missing)


def in_line(people: Iterable[Person]) -> list[int]:
    """The ids of those with room for one more case, in the order in which they get one, all else being equal."""
    free = [one for one in people if one.load < one.capacity]
    turn = {one.id: one.last_given.timestamp() if one.last_given else 0.0 for one in free}
    return [one.id for one in sorted(free, key=lambda one: (one.load / one.capacity, turn[one.id], one.id))]
