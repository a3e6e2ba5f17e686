"""Who is told when, and by which ways (PURE)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_ROUNDS = 48
"""How often the last in line is reminded before the alert rests; at half an hour each that is a day."""
LONG_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants to be told; `quiet` is a time of the day from … until, in their own zone."""

    by_email: str = "urgent"
    services: tuple[str, ...] = ()
    quiet: tuple[time, time] | None = None
    timezone: str = "UTC"


def ways_for(wish: Wish, *, urgent: bool) -> list[tuple[str, str]]:
    """The ways beside the page, as (way, target)."""
    ways = [("email", "")] if wish.by_email == "all" or (wish.by_email == "urgent" and urgent) else []
    return ways + ([("service", name) for name in wish.services] if urgent else [])


def quiet_until(wish: Wish, now: datetime) -> datetime | None:
    """When the quiet hours that hold now end; None when they do not hold. Hours over midnight are one stretch."""
    if wish.quiet is None or wish.quiet[0] == wish.quiet[1]:
        return None
    begins, ends = wish.quiet
    zone = ZoneInfo(wish.timezone)
    local = now.astimezone(zone)
    clock = local.time()
    over_midnight = ends < begins
    holds = (clock >= begins or clock < ends) if over_midnight else begins <= clock < ends
    if not holds:
        return None
    day = local.date() + timedelta(days=1) if over_midnight and clock >= begins else local.date()
    return datetime.combine(day, ends, tzinfo=zone)


def receivers(users: Iterable[int], stand_ins: Mapping[int, int]) -> dict[int, int | None]:
    """Who is told, and for whom they stand in: an absent person's colleague, followed over several absences.

    Two absent people who stand in for each other are told themselves: somebody must be.
    """
    told: dict[int, int | None] = {}
    for user in users:
        seen, one = {user}, user
        while one in stand_ins and stand_ins[one] not in seen:
            one = stand_ins[one]
            seen.add(one)
        if one in stand_ins:
            one = user
        told.setdefault(one, None if one == user else user)
        if one == user:
            told[one] = None
    return told


@dataclass(frozen=True, slots=True)
class Step:
    """What an alert does next: tell `level` (again in `round`), and look again at `again_at` (None: it rests)."""

    level: int
    round: int
    again_at: datetime | None


def next_step(*, levels: Sequence[Sequence[int]], level: int, rounds: int, minutes: int, now: datetime) -> Step:
    """The next level with somebody in it; from the last on, the last is reminded, after a while less often."""
    following = next((number for number in range(level + 1, len(levels)) if levels[number]), None)
    if following is not None:
        return Step(following, 0, now + timedelta(minutes=minutes))
    wait = timedelta(minutes=minutes) if rounds < 3 else max(LONG_PAUSE, timedelta(minutes=minutes))
    return Step(level, rounds + 1, now + wait if rounds + 1 < MOST_ROUNDS else None)
