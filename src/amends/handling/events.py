"""What happened while a case was handled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class QuestionAnswered(Event):
    """A question of the investigation has an answer, or a new one."""

    complaint_id: int
    question: str


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Event):
    """A proposal is above the limit of whoever wants to send it."""

    proposal_id: int
    complaint_id: int


@dataclass(frozen=True, slots=True)
class ApprovalGiven(Event):
    """Somebody with the authority decided; `granted` says how."""

    proposal_id: int
    complaint_id: int
    granted: bool


@dataclass(frozen=True, slots=True)
class ProposalSent(Event):
    """The customer has been sent a proposal."""

    proposal_id: int
    complaint_id: int


@dataclass(frozen=True, slots=True)
class ProposalAnswered(Event):
    """The customer answered: `accepted`, `declined` or `other`."""

    proposal_id: int
    complaint_id: int
    answer: str


@dataclass(frozen=True, slots=True)
class PromiseMade(Event):
    """A dated commitment to the customer."""

    promise_id: int
    complaint_id: int
    due: date


@dataclass(frozen=True, slots=True)
class PromiseKept(Event):
    """It was done by the date that was promised, or by the one given when the delay was explained in time."""

    promise_id: int
    complaint_id: int


@dataclass(frozen=True, slots=True)
class PromiseExplained(Event):
    """The customer was told why it takes longer, and until when."""

    promise_id: int
    complaint_id: int
    new_due: date


@dataclass(frozen=True, slots=True)
class PromiseBroken(Event):
    """The day passed, and nobody had kept the promise or explained the delay."""

    promise_id: int
    complaint_id: int


@dataclass(frozen=True, slots=True)
class StepDone(Event):
    """A step of an accepted proposal is done."""

    step_id: int
    complaint_id: int
