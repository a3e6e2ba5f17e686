"""How long customers wait for our first answer: counted by the database in one statement, over the cases an actor may see.

A first answer is the first message that left for the customer and did not come back, whoever or whatever wrote it. What was
put aside as no complaint does not count. Nothing here is stored: the figures are always those of the messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from amends.accounts.public import Actor, Unit
from amends.cases.public import Complaint, Direction, MessageState, Phase, visible_complaints
from amends.core import clock
from amends.triage.public import LaneName

GOAL_SECONDS = 300
PERIODS = (7, 30, 90)
WAITING_SHOWN = 20

_STATEMENT = """
WITH seen AS (
    SELECT of.id, of.channel, of.unit_id, of.language, of.received_at,
           (of.received_at AT TIME ZONE %s)::date AS day
    FROM ({complaints}) of
), first AS (
    SELECT message.complaint_id, min(message.sent_at) AS sent_at,
           (min(message.sent_at) = min(message.sent_at) FILTER (WHERE message.automatic)) IS TRUE AS automatic
    FROM cases_message message JOIN seen ON seen.id = message.complaint_id
    WHERE message.direction = %s AND message.sent_at IS NOT NULL AND message.state = ANY(%s)
    GROUP BY message.complaint_id
), waits AS (
    SELECT seen.*, first.automatic,
           CASE WHEN first.sent_at IS NOT NULL
                THEN GREATEST(EXTRACT(EPOCH FROM first.sent_at - seen.received_at), 0)::float END AS seconds,
           first.sent_at IS NOT NULL OR seen.received_at <= %s AS counts_for_goal
    FROM seen LEFT JOIN first ON first.complaint_id = seen.id
)
SELECT GROUPING(channel, unit_id, language, day, automatic), channel, unit_id, language, day, automatic,
       count(*), count(seconds),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds),
       count(*) FILTER (WHERE seconds <= %s), count(*) FILTER (WHERE counts_for_goal)
FROM waits
GROUP BY GROUPING SETS ((), (channel), (unit_id), (language), (day), (automatic))
"""
_GROUPINGS = {0b11111: "all", 0b01111: "channel", 0b10111: "unit", 0b11011: "language", 0b11101: "day", 0b11110: "by"}
_LEFT = [MessageState.SENT.value, MessageState.DELIVERED.value]


@dataclass(frozen=True, slots=True)
class Waits:
    """How long one group of customers waited.

    Attributes:
        key: the channel, the unit's name, the language, the day as a date, or `person` or `template`.
        received: how many complaints came.
        answered: how many of them have a first answer.
        median, p95: seconds from the receipt to the first answer, of those that have one; None when none has.
        within_goal: how many had it within five minutes.
        counted: of how many this can be said: all but those that are younger than five minutes and still wait.
    """

    key: str | date
    received: int
    answered: int
    median: float | None
    p95: float | None
    within_goal: int
    counted: int

    @property
    def share(self) -> float | None:
        """The share that had an answer within five minutes, 0 to 1; None when it cannot be said of any yet."""
        return self.within_goal / self.counted if self.counted else None

    @property
    def open(self) -> int:
        """How many have no answer yet."""
        return self.received - self.answered


@dataclass(frozen=True, slots=True)
class Waiting:
    """A customer who has heard nothing yet."""

    reference: str
    subject: str
    channel: str
    unit: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """The figures of a period; each list in a useful order: days by date, everything else by how many came."""

    all: Waits
    channels: Sequence[Waits]
    units: Sequence[Waits]
    languages: Sequence[Waits]
    days: Sequence[Waits]
    by: Sequence[Waits]
    waiting: Sequence[Waiting]
    waiting_count: int


def first_answers(actor: Actor, *, days: int, zone: str, now: datetime | None = None) -> FirstAnswers:
    """The figures of the complaints received in the last `days` that the actor may see (4 queries, however many there are).

    Args:
        zone: the time zone in which a day begins.
    """
    moment = now or clock.now()
    groups = _count(_complaints(actor).filter(received_at__gt=moment - timedelta(days=days)), zone, moment)
    waiting = _complaints(actor).filter(
        phase__in=[Phase.RECEIVED, Phase.REGISTERED], acknowledged_at=None, waiting_for_us_since__isnull=False
    )
    longest = waiting.select_related("unit").order_by("received_at", "id")[:WAITING_SHOWN]
    return FirstAnswers(
        all=next(iter(groups["all"]), Waits("", 0, 0, None, None, 0, 0)),
        channels=_largest_first(groups["channel"]),
        units=_largest_first(groups["unit"]),
        languages=_largest_first(groups["language"]),
        days=sorted(groups["day"], key=lambda one: str(one.key)),
        by=_largest_first(groups["by"]),
        waiting=[
            Waiting(one.reference or "", one.subject, one.channel, one.unit.name, one.received_at) for one in longest
        ],
        waiting_count=waiting.count(),
    )


def _complaints(actor: Actor) -> QuerySet[Complaint]:
    return visible_complaints(actor).exclude(lane__lane=LaneName.OTHER)


def _largest_first(groups: list[Waits]) -> list[Waits]:
    return sorted(groups, key=lambda one: (-one.received, str(one.key)))


def _count(complaints: QuerySet[Complaint], zone: str, now: datetime) -> dict[str, list[Waits]]:
    rows = complaints.order_by().values("id", "channel", "unit_id", "language", "received_at")
    inner, values = rows.query.sql_with_params()
    goal = timedelta(seconds=GOAL_SECONDS)
    with connection.cursor() as cursor:
        # The inner statement is Django's own, with its values apart; nothing of a request stands in the text.
        cursor.execute(
            _STATEMENT.format(complaints=inner),
            [zone, *values, Direction.OUT.value, _LEFT, now - goal, GOAL_SECONDS],
        )
        found = cursor.fetchall()
    names = dict(Unit.objects.filter(pk__in={row[2] for row in found if row[2] is not None}).values_list("pk", "name"))
    groups: dict[str, list[Waits]] = {name: [] for name in _GROUPINGS.values()}
    for mask, channel, unit_id, language, day, automatic, *figures in found:
        name = _GROUPINGS[mask]
        keys: dict[str, str | date | None] = {
            "all": "",
            "channel": channel,
            "unit": names.get(unit_id, ""),
            "language": language,
            "day": day,
            "by": None if automatic is None else "template" if automatic else "person",
        }
        key = keys[name]
        if key is not None:
            groups[name].append(Waits(key, *figures))
    return groups
