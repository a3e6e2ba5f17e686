"""What the page of a desk shows: the people of a team, their load, and what nobody there can do. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amends.accounts.public import Actor, Permission, Team, TeamMember, User, who_can
from amends.cases.public import visible_complaints
from amends.routing.assigning import Person
from amends.routing.attendance import Attendance, Places, attendance, schedule_of
from amends.routing.desk import changes_of
from amends.routing.fitting import Undoable, in_line, undoable, why_none
from amends.routing.giving import people_with_load, waiting_cases
from amends.routing.models import DeskChange, TeamDesk, Worker
from amends.routing.presence import HERE

NAMED = 20


@dataclass(frozen=True, slots=True)
class Seat:
    """One person of a team.

    Attributes:
        place: 1 for who gets the next case, None for who gets none now.
        lacking: what keeps them from every case that waits; nothing when they could do one, or none waits.
        works: their role lets them work on cases at all.
    """

    user: User
    worker: Worker
    person: Person
    leads: bool
    works: bool
    attendance: Attendance
    place: int | None
    lacking: tuple[str, ...]

    @property
    def full(self) -> bool:
        """Whether they have no room for another case."""
        return self.person.load >= self.person.capacity


@dataclass(frozen=True, slots=True)
class Desk:
    """A team at work; `undoable` has the first cases with their reference, empty for one that the reader may not see."""

    team: Team
    settings: TeamDesk
    seats: tuple[Seat, ...]
    waiting: int
    undoable: tuple[tuple[str, Undoable], ...]
    undoable_count: int
    changes: tuple[DeskChange, ...]


def desk_of(*, actor: Actor, team: Team, now: datetime) -> Desk:
    """The team with its people by name (at most 17 queries, whatever the numbers)."""
    rows = list(
        TeamMember.objects.filter(team=team, user__is_active=True).select_related("user").order_by("user__name")
    )
    users = {one.user_id: one.user for one in rows}
    workers = {one.user_id: one for one in Worker.objects.filter(user__in=users)}
    for user_id in users:
        workers.setdefault(user_id, Worker(user_id=user_id))
    works = who_can(Permission.CASE_WORK, users)
    people = {one.id: one for one in people_with_load([workers[user] for user in users])}
    settings, places = getattr(team, "desk", None) or TeamDesk(team=team), Places(now)
    stand = {
        user: attendance(worker, schedule_of(worker, team, settings, places, now), now)
        for user, worker in workers.items()
    }
    cases = waiting_cases(team.pk)
    line = in_line(one for one in people.values() if stand[one.id].word == HERE)
    seats = tuple(
        Seat(
            user=row.user,
            worker=workers[row.user_id],
            person=people.get(row.user_id) or Person(id=row.user_id, capacity=0),
            leads=row.leads,
            works=row.user_id in works,
            attendance=stand[row.user_id],
            place=line.index(row.user_id) + 1 if row.user_id in line else None,
            lacking=tuple(sorted(why_none(people[row.user_id], cases))) if row.user_id in people else (),
        )
        for row in rows
    )
    nobody = undoable(cases, list(people.values()))
    shown = [one.case.id for one in nobody[:NAMED]]
    names = dict(visible_complaints(actor).filter(pk__in=shown).values_list("pk", "reference"))
    return Desk(
        team=team,
        settings=settings,
        seats=seats,
        waiting=len(cases),
        undoable=tuple((names.get(one.case.id) or "", one) for one in nobody[:NAMED]),
        undoable_count=len(nobody),
        changes=tuple(changes_of(users=users, teams=[team.pk])),
    )
