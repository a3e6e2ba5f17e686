"""What a rule set would mean for people: cases of the past come again, and people take them (PURE)."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from amends.accounts.public import Hours, next_change, on_shift
from amends.routing.assigning import Person, Waiting, can_do, give

WINDOW = 100
"""So many of a team's longest waiting cases are weighed at each moment."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A case that comes at `case.since` into a team's queue and keeps its owner busy for so long."""

    case: Waiting
    team_id: int
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Clerk:
    """A person with hours, in the teams whose cases they take."""

    person: Person
    team_ids: frozenset[int]
    hours: Hours
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Load:
    """What one person had: cases, the highest load at a time, their capacity."""

    person_id: int
    cases: int
    peak: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Queue:
    """What one team had; waits are in minutes, None when nothing was given out.

    Attributes:
        unable: cases that nobody in the team can do, whatever the hour.
        left: cases still waiting at the end.
    """

    team_id: int
    cases: int
    given: int
    unable: int
    left: int
    median_wait: float | None
    p95_wait: float | None


@dataclass(frozen=True, slots=True)
class Simulated:
    """The outcome; `given` are (case, person, moment) in the order of time."""

    people: tuple[Load, ...]
    teams: tuple[Queue, ...]
    given: tuple[tuple[int, int, datetime], ...]


@dataclass
class _State:
    people: dict[int, Person]
    waiting: dict[int, list[Waiting]] = field(default_factory=dict)
    unable: dict[int, int] = field(default_factory=dict)
    peak: dict[int, int] = field(default_factory=dict)
    given: list[tuple[int, int, datetime, int, float]] = field(default_factory=list)


def simulate(arrivals: Sequence[Arrival], clerks: Sequence[Clerk], *, until: datetime) -> Simulated:
    """Play the arrivals: at each arrival, end of a case and change of shift, the desk gives out what it can."""
    state = _State({one.person.id: one.person for one in clerks})
    by_case = {one.case.id: one for one in arrivals}
    events: list[tuple[datetime, int, str, int, int]] = []
    for number, arrival in enumerate(arrivals):
        events.append((arrival.case.since, number, "comes", arrival.case.id, 0))
    first = min((one.case.since for one in arrivals), default=until)
    shifts = {one.person.id: one for one in clerks if one.hours}
    for person_id, clerk in shifts.items():
        change = next_change(clerk.hours, clerk.zone, first)
        if change is not None:
            events.append((change, len(arrivals), "shift", person_id, 0))
    heapq.heapify(events)
    serial = len(arrivals)
    while events and events[0][0] <= until:
        now = events[0][0]
        teams: set[int] = set()
        while events and events[0][0] == now:  # all of one moment happens before the desk looks, as it does in life
            _now, _order, what, key, weight = heapq.heappop(events)
            teams |= _happens(state, by_case, clerks, what, key, weight)
            if what == "shift":
                change = next_change(shifts[key].hours, shifts[key].zone, now)
                if change is not None:
                    heapq.heappush(events, (change, len(arrivals), "shift", key, 0))
        for case_id, person_id in _give_out(state, clerks, teams, now):
            serial += 1
            case = by_case[case_id].case
            heapq.heappush(events, (now + by_case[case_id].lasts, serial, "ends", person_id, case.severity))
    return _outcome(state, arrivals)


def _happens(
    state: _State, by_case: Mapping[int, Arrival], clerks: Sequence[Clerk], what: str, key: int, weight: int
) -> set[int]:
    """Let one thing happen; the teams for which something may have changed."""
    if what == "comes":
        arrival = by_case[key]
        able = [one for one in clerks if arrival.team_id in one.team_ids and can_do(one.person, arrival.case)]
        if not any(one.person.capacity >= arrival.case.severity for one in able):
            state.unable[arrival.team_id] = state.unable.get(arrival.team_id, 0) + 1
            return set()
        state.waiting.setdefault(arrival.team_id, []).append(arrival.case)
        return {arrival.team_id}
    if what == "ends":
        state.people[key] = replace(state.people[key], load=state.people[key].load - weight)
    return {team for one in clerks if one.person.id == key for team in one.team_ids}


def _give_out(state: _State, clerks: Sequence[Clerk], teams: set[int], now: datetime) -> list[tuple[int, int]]:
    handed: list[tuple[int, int]] = []
    for team in sorted(teams):
        queue = state.waiting.get(team, [])
        if not queue:
            continue
        here = [
            state.people[one.person.id] for one in clerks if team in one.team_ids and on_shift(one.hours, one.zone, now)
        ]
        out = give(queue[:WINDOW], here)
        gone = {one.case_id for one in out}
        weights = {one.id: one for one in queue[:WINDOW]}
        for one in out:
            case, person = weights[one.case_id], state.people[one.person_id]
            state.people[person.id] = replace(person, load=person.load + case.severity, last_given=now)
            state.peak[person.id] = max(state.peak.get(person.id, 0), person.load + case.severity)
            state.given.append((case.id, person.id, now, team, (now - case.since).total_seconds() / 60))
            handed.append((case.id, person.id))
        state.waiting[team] = [one for one in queue if one.id not in gone]
    return handed


def _outcome(state: _State, arrivals: Sequence[Arrival]) -> Simulated:
    teams = sorted({one.team_id for one in arrivals})
    waits = {team: [wait for *_rest, where, wait in state.given if where == team] for team in teams}
    return Simulated(
        people=tuple(
            Load(key, sum(1 for one in state.given if one[1] == key), state.peak.get(key, 0), person.capacity)
            for key, person in sorted(state.people.items())
        ),
        teams=tuple(
            Queue(
                team_id=team,
                cases=sum(1 for one in arrivals if one.team_id == team),
                given=len(waits[team]),
                unable=state.unable.get(team, 0),
                left=len(state.waiting.get(team, [])),
                median_wait=median(waits[team]) if waits[team] else None,
                p95_wait=_p95(waits[team]),
            )
            for team in teams
        ),
        given=tuple((case, person, at) for case, person, at, _team, _wait in state.given),
    )


def _p95(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return quantiles(values, n=20, method="inclusive")[18]
