"""What the criteria of escalation ask about a case, read with one statement and worked out only where a rule wants it."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from amends.cases.public import Complaint, Direction
from amends.routing.criteria_rules import Criteria, Facts
from amends.routing.facts import value_at_stake
from amends.routing.troubleshooting import tries_in_vain
from amends.triage.public import mood
from amends.voice.public import speaks_of_a_death

MOODS_READ = 5
REACH_ATTRIBUTES = ("reach", "followers", "audience")
SUBSTANCE = frozenset({"message", "letter", "call", "proposal", "resolution"})
"""Kinds of our messages that answer; an acknowledgement does not."""
READ = {
    "fired": "ARRAY(SELECT key::text FROM routing_firedcriterion WHERE complaint_id = %(case)s)",
    "said": """(
        SELECT json_agg(
            json_build_array(direction, kind, automatic, CASE WHEN direction = 'in' THEN text ELSE '' END)
            ORDER BY at, id
        )::text
        FROM cases_message WHERE complaint_id = %(case)s
    )""",
    "before": """(
        SELECT max(received_at) FROM cases_complaint
        WHERE customer_id = %(customer)s AND received_at < %(received)s AND id <> %(case)s
    )""",
    # One that was kept does not count, unless the past is asked for; one that was kept too late counts up to then, and what
    # lapses without our breach never.
    "clocks": """ARRAY(
        SELECT ARRAY[started_at, due_at, coalesce(stopped_at, %(now)s)] FROM clocks_clock
        WHERE complaint_id = %(case)s AND missed = 'breach'
        AND (%(past)s OR stopped_at IS NULL OR stopped_at > due_at)
    )""",
    "lists": """ARRAY(
        SELECT one.kind::text FROM cases_listedcase AS entry JOIN cases_accesslist AS one ON one.id = entry.access_list_id
        WHERE entry.complaint_id = %(case)s
    )""",
}
"""Part of the statement → how it is read. The complaint's own row is known already."""
NEEDED = {
    "words": "said",
    "death": "said",
    "sentiment_falling": "said",
    "contacts": "said",
    "troubleshooting_failed": "said",
    "repeat_complaint": "before",
    "clock": "clocks",
    "listed": "lists",
}
"""Kind of a rule → the part that it needs; the others need none."""


class Said(NamedTuple):
    """One message as the rules see it; the words are the customer's only."""

    direction: str
    kind: str
    automatic: bool
    text: str

    @property
    def answers(self) -> bool:
        """Whether somebody of us answered with substance."""
        return self.direction != Direction.IN and self.kind in SUBSTANCE and not self.automatic


@dataclass(frozen=True, slots=True)
class Held:
    """What the database holds about a case: each part empty where no rule asked."""

    fired: frozenset[str]
    said: tuple[Said, ...]
    before: datetime | None
    clocks: tuple[tuple[datetime, datetime, datetime], ...]
    lists: frozenset[str]


def facts_of(complaint: Complaint, *, now: datetime, rules: Criteria | None = None, past: bool = False) -> Facts:
    """What the criteria ask about a case: 1 query, and 1 more where a rule counts what was tried.

    Args:
        rules: only what these need and have not fired for yet is worked out; else everything.
        past: count the clocks that were stopped in time as well, up to then, and what fired: would a rule have held?
    """
    held = _held(complaint, now, past, None if rules is None else frozenset(one.on for one in rules.rule))
    fired = frozenset() if past else held.fired
    asked = None if rules is None else {one.on for one in rules.rule if one.key not in fired}
    return _worked_out(complaint, held, fired, asked)


def _worked_out(complaint: Complaint, held: Held, fired: frozenset[str], asked: Collection[str] | None) -> Facts:
    def wants(kind: str) -> bool:
        return asked is None or kind in asked

    heard = [one.text for one in held.said if one.direction == Direction.IN]
    texts = tuple(dict.fromkeys((complaint.text, *heard)))  # the first message is mostly the complaint itself
    before = held.before
    return Facts(
        clock_percent=_percent(held),
        moods=_moods(heard) if wants("sentiment_falling") else (),
        contacts=_contacts(held.said),
        days_since_last=None if before is None else (complaint.received_at - before).days,
        value=value_at_stake(complaint) if wants("value_above") else None,
        severity=complaint.severity,
        safety=complaint.safety,
        death=wants("death") and speaks_of_a_death(complaint.subject, *texts),
        media=complaint.legal_or_media,
        reach=_reach(complaint),
        failed_tries=tries_in_vain(complaint) if wants("troubleshooting_failed") else 0,
        listed=held.lists,
        texts=texts,
        after_answer=_after_answer(held.said),
        fired=fired,
    )


def _held(complaint: Complaint, now: datetime, past: bool, kinds: frozenset[str] | None) -> Held:
    parts, statement = _statement(frozenset(NEEDED) if kinds is None else kinds)
    given: dict[str, Any] = {
        "case": complaint.pk,
        "customer": complaint.customer_id,
        "received": complaint.received_at,
        "now": now,
        "past": past,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        row = cursor.fetchone()
    found: dict[str, Any] = dict(zip(parts, row, strict=True))
    return Held(
        fired=frozenset(found["fired"]),
        said=tuple(Said(*one) for one in json.loads(found.get("said") or "[]")),
        before=found.get("before"),
        clocks=tuple((start, due, end) for start, due, end in found.get("clocks", ())),
        lists=frozenset(found.get("lists", ())),
    )


@lru_cache(maxsize=32)
def _statement(kinds: frozenset[str]) -> tuple[tuple[str, ...], str]:
    """The parts that these kinds of rules need, and how they are read together."""
    wanted = {"fired"} | {NEEDED[kind] for kind in kinds if kind in NEEDED}
    parts = tuple(part for part in READ if part in wanted)
    return parts, "SELECT " + ", ".join(READ[part] for part in parts)


def _percent(held: Held) -> int | None:
    """How much of the tightest deadline is over."""
    return max((int(100 * (end - start) / (due - start)) for start, due, end in held.clocks), default=None)


def _moods(heard: Sequence[str]) -> tuple[float, ...]:
    """How the last messages feel. One alone is not looked at: a mood falls between two."""
    if len(heard) < 2:
        return ()
    return tuple(mood(text) for text in heard[-MOODS_READ:] if text)


def _reach(complaint: Complaint) -> int | None:
    """What was said to be the audience when the case was registered."""
    for name in REACH_ATTRIBUTES:
        said = str(complaint.attributes.get(name, "")).strip()[:15]
        if said.isascii() and said.isdigit():
            return int(said)
    return None


def _after_answer(messages: Sequence[Said]) -> tuple[str, ...]:
    """The customer's words since somebody of us first answered with substance."""
    answered, words = False, []
    for one in messages:
        if one.direction == Direction.IN and answered:
            words.append(one.text)
        # Only what went out to the customer answers them.
        answered = answered or (one.direction == Direction.OUT and one.answers)
    return tuple(words)


def _contacts(messages: Sequence[Said]) -> int:
    """How often the customer wrote since a person last answered."""
    count = 0
    for one in messages:
        if one.direction == Direction.IN:
            count += 1
        elif one.answers:
            count = 0
    return count
