"""Hours, zone and presence of many people at once, with what teams and units give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from amends.accounts.public import Hours, Team, TeamMember, Unit, next_start
from amends.clocks.public import Closure
from amends.routing.models import TeamDesk, Worker
from amends.routing.presence import OFF, presence, still_said


class Places:
    """Zone, opening hours and closed days of every unit, with what it inherits (2 queries, whatever their number)."""

    def __init__(self, now: datetime) -> None:
        self._units = {one.pk: one for one in Unit.objects.only("id", "path", "timezone", "hours")}
        near = [(now + timedelta(days=days)).date() for days in (-1, 1)]
        self._closures = list(Closure.objects.filter(first__lte=near[1], last__gte=near[0]).order_by("first", "id"))

    def _above(self, unit_id: int) -> list[Unit]:
        return [self._units[int(part)] for part in reversed(self._units[unit_id].path.strip("/").split("/"))]

    def zone(self, unit_id: int) -> str:
        """The time zone of a unit."""
        return next((one.timezone for one in self._above(unit_id) if one.timezone), settings.AMENDS_TIME_ZONE)

    def hours(self, unit_id: int) -> Hours:
        """The opening hours of a unit; empty is always."""
        return next((one.hours for one in self._above(unit_id) if one.hours), {})

    def closed(self, unit_id: int, now: datetime, zone: ZoneInfo) -> str:
        """Why the unit does not work on this day there; empty when it does."""
        day, above = now.astimezone(zone).date(), {one.pk for one in self._above(unit_id)}
        return next((one.name for one in self._closures if one.unit_id in above and one.first <= day <= one.last), "")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When somebody works.

    Attributes:
        source: whose hours these are: `person`, `team`, `unit`, or empty when nobody wrote any down (then always).
        closed: the name of the closed day that today is there, or empty.
    """

    zone: ZoneInfo
    hours: Hours
    source: str = ""
    closed: str = ""


def schedule_of(worker: Worker, team: Team | None, desk: TeamDesk | None, places: Places, now: datetime) -> Schedule:
    """A person's own hours and zone, else the team's, else the unit's."""
    unit_hours: Hours = places.hours(team.unit_id) if team else {}
    team_hours: Hours = desk.hours if desk else {}
    given: list[tuple[str, Hours]] = [("person", worker.hours), ("team", team_hours), ("unit", unit_hours)]
    source, hours = next(((name, one) for name, one in given if one), ("", {}))
    unit_zone = places.zone(team.unit_id) if team else settings.AMENDS_TIME_ZONE
    zone = ZoneInfo(worker.timezone or (desk.timezone if desk else "") or unit_zone)
    return Schedule(zone, hours, source, places.closed(team.unit_id, now, zone) if team else "")


@dataclass(frozen=True, slots=True)
class Attendance:
    """How somebody stands now.

    Attributes:
        word: here, away or off.
        said: they said so themselves, or somebody said it for them.
        until: when what was said ends, else when the hours of somebody off shift begin; None when nobody can know.
    """

    word: str
    said: bool
    until: datetime | None
    schedule: Schedule


def standing(worker: Worker, schedule: Schedule, now: datetime) -> str:
    """`here`, `away` or `off`."""
    return presence(
        says=worker.says,
        says_until=worker.says_until,
        last_seen=worker.last_seen,
        hours=schedule.hours,
        zone=schedule.zone,
        now=now,
        closed=bool(schedule.closed),
    )


def attendance(worker: Worker, schedule: Schedule, now: datetime) -> Attendance:
    """How one person stands, with until when."""
    word = standing(worker, schedule, now)
    said = still_said(says=worker.says, says_until=worker.says_until, last_seen=worker.last_seen, now=now)
    until = worker.says_until if said else None
    if word == OFF and not said and not schedule.closed:
        until = next_start(schedule.hours, schedule.zone, now)
    return Attendance(word, said, until, schedule)


def attendances(user_ids: Iterable[int], now: datetime) -> dict[int, Attendance]:
    """How these people stand, each by their first team; nobody takes no query, any number of people four."""
    wanted = sorted(set(user_ids))
    if not wanted:
        return {}
    workers = {one.user_id: one for one in Worker.objects.filter(user_id__in=wanted)}
    teams = first_teams(wanted)
    places = Places(now)
    found = {}
    for user_id in wanted:
        worker, team = workers.get(user_id) or Worker(user_id=user_id), teams.get(user_id)
        schedule = schedule_of(worker, team, getattr(team, "desk", None), places, now)
        found[user_id] = attendance(worker, schedule, now)
    return found


def first_teams(user_ids: Sequence[int]) -> dict[int, Team]:
    """The team that each was in first, with its desk (1 query)."""
    members = TeamMember.objects.filter(user_id__in=user_ids).select_related("team__desk").order_by("-team_id")
    return {one.user_id: one.team for one in members}
