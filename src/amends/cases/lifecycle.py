"""The phases of a complaint and the only moves between them (PURE).

Pages, API and jobs all ask here; there is no second table of what is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from amends.core.errors import Conflict


class Phase(models.TextChoices):
    """Where a complaint stands. Escalation is a tier beside the phase, not a phase."""

    RECEIVED = "received", _("Received")
    REGISTERED = "registered", _("Registered")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    INVESTIGATING = "investigating", _("Investigating")
    PROPOSED = "proposed", _("Proposed")
    AGREED = "agreed", _("Agreed")
    CARRYING_OUT = "carrying_out", _("Carrying out")
    RESOLVED = "resolved", _("Resolved")
    FOLLOWED_UP = "followed_up", _("Followed up")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    OUT_OF_JURISDICTION = "out_of_jurisdiction", _("Out of jurisdiction")


class Action(models.TextChoices):
    """What moves a complaint on; the labels are the words on the buttons."""

    ACKNOWLEDGE = "acknowledge", _("Mark as acknowledged")
    INVESTIGATE = "investigate", _("Start investigating")
    PROPOSE = "propose", _("Send the proposal")
    AGREE = "agree", _("Record the customer's agreement")
    DECLINE = "decline", _("Record that the customer declined")
    CARRY_OUT = "carry_out", _("Start carrying out")
    RESOLVE = "resolve", _("Resolve")
    FOLLOW_UP = "follow_up", _("Mark as followed up")
    CLOSE = "close", _("Close")
    REOPEN = "reopen", _("Reopen")
    WITHDRAW = "withdraw", _("Record the withdrawal")
    DECLARE_OUT_OF_JURISDICTION = "declare_out_of_jurisdiction", _("Declare out of jurisdiction")


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: from which phases an action leads where."""

    action: Action
    sources: frozenset[Phase]
    target: Phase
    needs_reason: bool = False


_OPEN = frozenset(
    {
        Phase.RECEIVED,
        Phase.REGISTERED,
        Phase.ACKNOWLEDGED,
        Phase.INVESTIGATING,
        Phase.PROPOSED,
        Phase.AGREED,
        Phase.CARRYING_OUT,
    }
)
_DONE = frozenset({Phase.RESOLVED, Phase.FOLLOWED_UP, Phase.CLOSED, Phase.WITHDRAWN, Phase.OUT_OF_JURISDICTION})

MOVES: dict[Action, Move] = {
    move.action: move
    for move in (
        Move(Action.ACKNOWLEDGE, frozenset({Phase.RECEIVED, Phase.REGISTERED}), Phase.ACKNOWLEDGED),
        Move(
            Action.INVESTIGATE, frozenset({Phase.REGISTERED, Phase.ACKNOWLEDGED, Phase.PROPOSED}), Phase.INVESTIGATING
        ),
        Move(Action.PROPOSE, frozenset({Phase.REGISTERED, Phase.ACKNOWLEDGED, Phase.INVESTIGATING}), Phase.PROPOSED),
        Move(Action.AGREE, frozenset({Phase.PROPOSED}), Phase.AGREED),
        Move(Action.DECLINE, frozenset({Phase.PROPOSED}), Phase.INVESTIGATING),
        Move(Action.CARRY_OUT, frozenset({Phase.AGREED}), Phase.CARRYING_OUT),
        Move(Action.RESOLVE, _OPEN - {Phase.RECEIVED, Phase.PROPOSED}, Phase.RESOLVED, needs_reason=True),
        Move(Action.FOLLOW_UP, frozenset({Phase.RESOLVED}), Phase.FOLLOWED_UP),
        Move(Action.CLOSE, frozenset({Phase.RESOLVED, Phase.FOLLOWED_UP}), Phase.CLOSED),
        Move(Action.REOPEN, _DONE, Phase.INVESTIGATING, needs_reason=True),
        Move(Action.WITHDRAW, _OPEN, Phase.WITHDRAWN, needs_reason=True),
        Move(Action.DECLARE_OUT_OF_JURISDICTION, _OPEN, Phase.OUT_OF_JURISDICTION, needs_reason=True),
    )
}

OPEN_PHASES = _OPEN
DONE_PHASES = _DONE


def allowed(phase: str) -> list[Action]:
    """The actions that are possible in this phase, in the order of the table."""
    return [move.action for move in MOVES.values() if phase in move.sources]


def next_phase(phase: str, action: str) -> Phase:
    """Where `action` leads from `phase`.

    Raises:
        Conflict: it is not possible there; the message says what is.
    """
    move = MOVES[Action(action)]
    if phase not in move.sources:
        possible = ", ".join(one.value for one in allowed(phase)) or "nothing"
        raise Conflict(f"A complaint in the phase {phase!r} cannot {Action(action).value}; possible now: {possible}.")
    return move.target


def needs_reason(action: str) -> bool:
    """Whether this move must be explained."""
    return MOVES[Action(action)].needs_reason


class AnswerTo(StrEnum):
    """What an answer of the customer does to their case."""

    OPEN = "open"
    REOPENS = "reopens"
    FOLLOWS = "follows"


def answer_to(phase: str, *, ended_at: datetime | None, now: datetime, days: int) -> AnswerTo:
    """What it means that the customer writes in a case.

    An open case stays as it is. One that is settled but not closed is opened again, and so is one that was closed (or
    withdrawn, or not ours) within `days`. After that the answer is a new case that goes on from the old one: its
    clocks start afresh, and the old one's figures stay true.
    """
    if phase not in _DONE:
        return AnswerTo.OPEN
    if phase in (Phase.RESOLVED, Phase.FOLLOWED_UP) or ended_at is None or now <= ended_at + timedelta(days=days):
        return AnswerTo.REOPENS
    return AnswerTo.FOLLOWS
