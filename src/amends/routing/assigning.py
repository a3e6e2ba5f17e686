"""Who of a team gets which waiting case (PURE): the longest waiting first, to somebody free who can do it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who could take a case now.

    Attributes:
        languages: spoken; none named means that language is not asked of them.
        lines: product lines they know; none named means all. The same holds for `regimes`.
        load: the weights of their open cases added up; at most `capacity` unless given by hand.
        last_given: when they were last given a case; who waits longest for one comes first among equals.
    """

    id: int
    capacity: int
    load: int = 0
    severity_up_to: int = 4
    languages: frozenset[str] = frozenset()
    lines: frozenset[str] = frozenset()
    regimes: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    last_given: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case without an owner. Its weight is its severity.

    Attributes:
        skill: what the rule asked for, or empty.
        last_owner: who had the same customer's last case.
        about: people the complaint is about: they never get it.
    """

    id: int
    since: datetime
    severity: int = 2
    language: str = ""
    line: str = ""
    regimes: frozenset[str] = frozenset()
    skill: str = ""
    last_owner: int | None = None
    about: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Given:
    """One case for one person; `known` when they had this customer before."""

    case_id: int
    person_id: int
    known: bool


def can_do(person: Person, case: Waiting) -> bool:
    """Whether the person has what the case asks for and nothing to do with it."""
    return (
        person.id not in case.about
        and case.severity <= person.severity_up_to
        and (not case.skill or case.skill in person.skills)
        and (not case.language or not person.languages or case.language in person.languages)
        and (not case.line or not person.lines or case.line in person.lines)
        and (not case.regimes or not person.regimes or case.regimes <= person.regimes)
    )


def give(cases: Iterable[Waiting], people: Sequence[Person]) -> list[Given]:
    """Give out what can be given now.

    A case that nobody has room for keeps the place of the person who will have room first: smaller cases that came later
    do not take it, so that nothing waits for ever.
    """
    load = {one.id: one.load for one in people}
    turn = {one.id: one.last_given.timestamp() if one.last_given else 0.0 for one in people}
    latest = max(turn.values(), default=0.0)
    kept: set[int] = set()
    given: list[Given] = []
    for case in sorted(cases, key=lambda one: (one.since, one.id)):
        able = [one for one in people if one.id not in kept and one.capacity >= case.severity and can_do(one, case)]
        if not able:
            continue
        free = [one for one in able if load[one.id] + case.severity <= one.capacity]
        if not free:
            kept.add(min(able, key=lambda one: (load[one.id] - one.capacity, one.id)).id)
            continue
        known = next((one for one in free if one.id == case.last_owner), None)
        chosen = known or min(free, key=lambda one: (load[one.id] / one.capacity, turn[one.id], one.id))
        load[chosen.id] += case.severity
        latest += 1
        turn[chosen.id] = latest
        given.append(Given(case.id, chosen.id, known is not None))
    return given
