"""Routing's keys in a complaint's JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema

from amends.cases.public import Complaint
from amends.core.sections import Section, sections
from amends.routing.leadership import letter_of
from amends.routing.letter_models import LeadershipLetter
from amends.routing.models import Handoff
from amends.routing.selectors import handoffs_of


class HandoffOut(Schema):
    """One offer of the case to another team."""

    id: int
    state: str
    from_team: str | None
    to_team: str
    reason: str
    packet: dict[str, Any]
    created_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    return_reason: str


def handoff_out(one: Handoff) -> HandoffOut:
    """A hand-off as the API shows it."""
    return HandoffOut(
        id=one.pk,
        state=one.state,
        from_team=one.from_team.key if one.from_team else None,
        to_team=one.to_team.key,
        reason=one.reason,
        packet=one.packet,
        created_at=one.created_at,
        decided_at=one.decided_at,
        decided_by=one.decided_by.name if one.decided_by else None,
        return_reason=one.return_reason,
    )


sections.register(
    Section("handoffs", list[HandoffOut], lambda one: [handoff_out(row) for row in handoffs_of(one)], order=20)
)


class LeadershipLetterOut(Schema):
    """The letter that somebody at the top signs: `state` is proposed, waiting, sent or declined."""

    state: str
    why: str
    leader: str | None
    own_words: str
    prepared_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str


def leadership_letter_out(one: LeadershipLetter) -> LeadershipLetterOut:
    """A letter as the API shows it."""
    return LeadershipLetterOut(
        state=one.state,
        why=one.why,
        leader=one.leader.name if one.leader else None,
        own_words=one.own_words,
        prepared_by=one.prepared_by.name if one.prepared_by else None,
        decided_by=one.decided_by.name if one.decided_by else None,
        decided_at=one.decided_at,
        reason=one.reason,
    )


def _letter(complaint: Complaint) -> LeadershipLetterOut | None:
    letter = letter_of(complaint)
    return leadership_letter_out(letter) if letter else None


sections.register(Section("leadership_letter", LeadershipLetterOut | None, _letter, order=22))
