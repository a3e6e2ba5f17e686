"""The past as the simulation needs it: cases, people, how long cases took. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low

from amends.accounts.public import Actor, Permission, Team, TeamMember, User, who_can
from amends.cases.public import Complaint
from amends.core import clock
from amends.core.errors import BadInput
from amends.routing.assigning import Person, Waiting
from amends.routing.attendance import Places, schedule_of
from amends.routing.facts import Units, facts_of, with_what_rules_need
from amends.routing.models import CaseAboutStaff, TeamDesk, Worker
from amends.routing.ruleset import RuleSet, decide
from amends.routing.selectors import team_choices
from amends.routing.simulation import Arrival, Clerk, Load, Queue, Simulated, simulate

MOST_CASES = 2000
SHORTEST, LONGEST, USUAL = timedelta(minutes=5), timedelta(days=30), timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Replay:
    """A simulated time: its outcome with names, and how much of the past it is."""

    cases: int
    first: datetime | None
    until: datetime
    cut: bool
    people: tuple[tuple[str, Load], ...]
    teams: tuple[tuple[str, Queue], ...]


def replay(*, actor: Actor, rules: RuleSet, days: int = 30, now: datetime | None = None) -> Replay:
    """Let the cases registered in the last `days` come again under these rules (12 queries, whatever their number).

    Everybody in a team counts with their skills, capacity and hours, whether or not the team gives out by itself. A case
    keeps its owner busy for as long as it took to be resolved; an open one for the median of its severity.

    Raises:
        BadInput: more than 366 days, or less than one.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    if not 1 <= days <= 366:
        raise BadInput("Choose a number of days from 1 to 366.", field="days")
    now = now or clock.now()
    cases = with_what_rules_need(
        Complaint.objects.filter(registered_at__gt=now - timedelta(days=days), registered_at__lte=now)
    )
    newest = list(cases.order_by("-registered_at", "-id")[: MOST_CASES + 1])
    rows = sorted(newest[:MOST_CASES], key=lambda one: (one.registered_at, one.pk))
    outcome = simulate(_arrivals(rows, rules), _clerks(now), until=now)
    return Replay(
        cases=len(rows),
        first=rows[0].registered_at if rows else None,
        until=now,
        cut=len(newest) > MOST_CASES,
        people=_named(outcome),
        teams=_named_teams(outcome),
    )


def _arrivals(rows: list[Complaint], rules: RuleSet) -> list[Arrival]:
    facts, teams = facts_of(rows, Units()), team_choices()
    lasts = _lengths(rows)
    about: dict[int, set[int]] = {}
    for case, user in CaseAboutStaff.objects.filter(complaint__in=rows).values_list("complaint_id", "user_id"):
        about.setdefault(case, set()).add(user)
    found = []
    for one in rows:
        decided = decide(rules, facts[one.pk], teams)
        if decided is None:
            continue
        waiting = Waiting(
            id=one.pk,
            since=one.registered_at,
            severity=one.severity,
            language=one.language,
            line=facts[one.pk].line,
            regimes=frozenset(facts[one.pk].packs) - {"house"},
            skill=decided.skill,
            about=frozenset(about.get(one.pk, ())),
        )
        found.append(Arrival(waiting, decided.team_id, lasts[one.pk]))
    return found


def _lengths(rows: list[Complaint]) -> dict[int, timedelta]:
    """How long each case lasts, the unresolved ones as the median of their severity, else of all, else three days."""
    known = {
        one.pk: min(max(one.resolved_at - one.registered_at, SHORTEST), LONGEST) for one in rows if one.resolved_at
    }
    by_severity = {
        severity: [known[one.pk] for one in rows if one.pk in known and one.severity == severity]
        for severity in range(1, 5)
    }
    usual = median_low(known.values()) if known else USUAL
    typical = {severity: median_low(some) if some else usual for severity, some in by_severity.items()}
    return {one.pk: known.get(one.pk, typical[one.severity]) for one in rows}


def _clerks(now: datetime) -> list[Clerk]:
    """Everybody in a team who may work on cases, with what is known of them; hours are those of their first team."""
    members: dict[int, set[int]] = {}
    people = {}
    rows = list(TeamMember.objects.filter(user__is_active=True).select_related("user", "team").order_by("-team_id"))
    able = who_can(Permission.CASE_WORK, [row.user_id for row in rows])
    for row in rows:
        if row.user_id not in able:
            continue
        members.setdefault(row.user_id, set()).add(row.team_id)
        people[row.user_id] = row
    workers = {one.user_id: one for one in Worker.objects.filter(user__in=people)}
    desks = {one.team_id: one for one in TeamDesk.objects.all()}
    places = Places(now)
    found = []
    for user_id, row in sorted(people.items()):
        worker = workers.get(user_id) or Worker(user_id=user_id)
        schedule = schedule_of(worker, row.team, desks.get(row.team_id), places, now)
        person = Person(
            id=user_id,
            capacity=worker.capacity,
            severity_up_to=worker.severity_up_to,
            languages=frozenset(row.user.languages),
            lines=frozenset(worker.product_lines),
            regimes=frozenset(worker.regimes),
            skills=frozenset(worker.skills),
        )
        found.append(Clerk(person, frozenset(members[user_id]), schedule.hours, schedule.zone))
    return found


def _named(outcome: Simulated) -> tuple[tuple[str, Load], ...]:
    people = User.objects.in_bulk([one.person_id for one in outcome.people])
    named = [(people[one.person_id].name, one) for one in outcome.people]
    return tuple(sorted(named, key=lambda row: (-row[1].cases, row[0])))


def _named_teams(outcome: Simulated) -> tuple[tuple[str, Queue], ...]:
    teams = Team.objects.in_bulk([one.team_id for one in outcome.teams])
    return tuple((teams[one.team_id].name, one) for one in outcome.teams)
