"""Handling in the API: the investigation, proposals, steps and promises."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from amends.accounts.public import Actor, Permission
from amends.cases.public import Attachment, Complaint, access_complaint
from amends.core.api import api_actor, scope
from amends.core.errors import BadInput, NotFound
from amends.handling import public as handling
from amends.handling.models import Promise, Proposal, Step
from amends.handling.sections import (
    InvestigationOut,
    PromiseOut,
    ProposalOut,
    TryOut,
    promise_out,
    proposal_out,
    read_investigation,
    try_out,
)
from amends.handling.selectors.promises import LedgerPage, ledger
from amends.handling.selectors.proposals import proposals_of
from amends.handling.values import NewRemedy, NewStep

router = Router(tags=["handling"])


class Body(Schema):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid")


class AnswerIn(Body):
    """What was found out; for a question with choices the key of one of them.

    `evidence` are the SHA-256 of files of the case that show it; null leaves them as they are.
    """

    text: str
    evidence: list[str] | None = Field(None, max_length=100)


class TryIn(Body):
    """What was tried, and whether it helped."""

    what: str = Field(max_length=500)
    helped: bool


class RemedyIn(Body):
    """One remedy; `option` 0 is given in any case, of the others the customer chooses one."""

    kind: str = Field(max_length=40)
    amount: Decimal | None = None
    currency: str = Field("", max_length=3)
    text: str = ""
    option: int = 0


class StepIn(Body):
    """One step; `party` is us, customer or third_party."""

    what: str
    who: str = ""
    due_earliest: date | None = None
    due_latest: date
    party: str = ""
    option: int = 0


class ProposalIn(Body):
    """A proposal; a draft of the case is written anew."""

    summary: str
    remedies: list[RemedyIn] = Field(max_length=100)
    steps: list[StepIn] = Field(max_length=100)
    conditions: str = ""


class DecisionIn(Body):
    """The decision on an approval; a refusal needs its reason."""

    granted: bool
    reason: str = ""


class ProposalAnswerIn(Body):
    """What the customer said, and how: `accepted`, `declined` or `other`."""

    answer: str
    words: str
    option: int | None = None


class ReasonIn(Body):
    """A reason in a sentence."""

    reason: str


class DoneIn(Body):
    """`note` is shown to the customer; `at` is now unless given."""

    note: str = ""
    at: datetime | None = None


class PromiseIn(Body):
    """A commitment and its last day."""

    what: str
    due: date


class DelayIn(Body):
    """The new last day, and the reason that goes to the customer."""

    new_due: date
    reason: str


class LedgerOut(Schema):
    """One page of promises; `next` is the cursor of the next one, or null."""

    items: list[PromiseOut]
    next: str | None


def _case(request: HttpRequest, reference: str) -> tuple[Actor, Complaint]:
    actor = api_actor(request)
    return actor, access_complaint(actor, reference)


def _files(complaint: Complaint, digests: list[str] | None) -> list[int] | None:
    if digests is None:
        return None
    wanted = {digest.lower() for digest in digests if digest.isalnum()}
    rows = Attachment.objects.filter(message__complaint=complaint, blob__sha256__in=wanted)
    by_digest = dict(rows.values_list("blob__sha256", "pk"))
    if set(by_digest) != wanted or len(wanted) != len(set(digests)):
        raise BadInput("Name files of this case by their SHA-256.", field="evidence")
    return sorted(by_digest.values())


def _proposal(proposal: Proposal) -> ProposalOut:
    whole = next(one for one in proposals_of(proposal.complaint) if one.proposal.pk == proposal.pk)
    return proposal_out(whole)


@router.put("/complaints/{reference}/answers/{question}", response=InvestigationOut, summary="Answer a question")
@scope(Permission.CASE_WORK)
def answer(request: HttpRequest, reference: str, question: str, body: AnswerIn) -> InvestigationOut:
    """Write down what is known about a question of the case's playbook."""
    actor, complaint = _case(request, reference)
    handling.answer_question(
        actor=actor,
        complaint_id=complaint.pk,
        question_key=question,
        text=body.text,
        evidence=_files(complaint, body.evidence),
    )
    return read_investigation(complaint)


@router.post("/complaints/{reference}/tries", response={201: TryOut}, summary="Note what was tried")
@scope(Permission.CASE_WORK)
def note_try(request: HttpRequest, reference: str, body: TryIn) -> Status[TryOut]:
    """Note what was tried and whether it helped; too often in vain, and the case goes up by the criteria."""
    actor, complaint = _case(request, reference)
    return Status(201, try_out(handling.note_try(actor=actor, complaint_id=complaint.pk, **body.dict())))


@router.post("/complaints/{reference}/proposals", response={201: ProposalOut}, summary="Draft a proposal")
@scope(Permission.CASE_WORK)
def draft(request: HttpRequest, reference: str, body: ProposalIn) -> Status[ProposalOut]:
    """Write a proposal, or the case's draft anew; nothing leaves yet."""
    actor, complaint = _case(request, reference)
    proposal = handling.draft_proposal(
        actor=actor,
        complaint_id=complaint.pk,
        summary=body.summary,
        remedies=[NewRemedy(**one.model_dump()) for one in body.remedies],
        steps=[NewStep(**one.model_dump()) for one in body.steps],
        conditions=body.conditions,
    )
    return Status(201, _proposal(proposal))


@router.post("/proposals/{proposal_id}/send", response=ProposalOut, summary="Send a draft, or ask for approval")
@scope(Permission.CASE_WORK)
def send(request: HttpRequest, proposal_id: int) -> ProposalOut:
    """Send it to the customer; above the limit it waits for approval, which `state` says."""
    return _proposal(handling.send_proposal(actor=api_actor(request), proposal_id=proposal_id))


@router.post("/proposals/{proposal_id}/approval", response=ProposalOut, summary="Decide an approval")
@scope(Permission.PROPOSAL_APPROVE)
def decide(request: HttpRequest, proposal_id: int, body: DecisionIn) -> ProposalOut:
    """Approve it, which sends it, or hand it back with a reason."""
    actor = api_actor(request)
    return _proposal(
        handling.decide_approval(actor=actor, proposal_id=proposal_id, granted=body.granted, reason=body.reason)
    )


@router.post("/proposals/{proposal_id}/answer", response=ProposalOut, summary="Record the customer's answer")
@scope(Permission.CASE_WORK)
def answer_proposal(request: HttpRequest, proposal_id: int, body: ProposalAnswerIn) -> ProposalOut:
    """Record what the customer said, with how they said it."""
    actor = api_actor(request)
    return _proposal(
        handling.answer_proposal(
            actor=actor, proposal_id=proposal_id, answer=body.answer, words=body.words, option=body.option
        )
    )


@router.post("/proposals/{proposal_id}/withdraw", response=ProposalOut, summary="Take a proposal back")
@scope(Permission.CASE_WORK)
def withdraw(request: HttpRequest, proposal_id: int, body: ReasonIn) -> ProposalOut:
    """Take back a proposal that is not decided yet."""
    actor = api_actor(request)
    return _proposal(handling.withdraw_proposal(actor=actor, proposal_id=proposal_id, reason=body.reason))


@router.post("/steps/{step_id}/done", response=ProposalOut, summary="Mark a step as done")
@scope(Permission.CASE_WORK)
def step_done(request: HttpRequest, step_id: int, body: DoneIn) -> ProposalOut:
    """Mark a step of an accepted proposal as done."""
    step: Step = handling.complete_step(actor=api_actor(request), step_id=step_id, note=body.note, at=body.at)
    return _proposal(step.proposal)


@router.get("/promises", response=LedgerOut, summary="List promises")
@scope(Permission.CASE_VIEW)
def list_promises(request: HttpRequest, view: str = "running", after: str = "") -> LedgerOut:
    """The ledger: `view` is running (by day), broken or done (newest first)."""
    if view not in ("running", "broken", "done"):
        raise NotFound
    found: LedgerPage = ledger(api_actor(request), view, after=after)
    return LedgerOut(items=[promise_out(one) for one in found.promises], next=found.older or None)


@router.post("/complaints/{reference}/promises", response={201: PromiseOut}, summary="Note a promise")
@scope(Permission.CASE_WORK)
def make_promise(request: HttpRequest, reference: str, body: PromiseIn) -> Status[PromiseOut]:
    """Note a commitment given to the customer outside of a proposal."""
    actor, complaint = _case(request, reference)
    made = handling.promise(actor=actor, complaint_id=complaint.pk, what=body.what, due=body.due)
    return Status(201, _promise(made))


@router.post("/promises/{promise_id}/keep", response=PromiseOut, summary="Mark a promise as kept")
@scope(Permission.CASE_WORK)
def keep(request: HttpRequest, promise_id: int, body: DoneIn) -> PromiseOut:
    """Mark a promise as done; one that belongs to a step is done with its step."""
    return _promise(handling.keep_promise(actor=api_actor(request), promise_id=promise_id, note=body.note, at=body.at))


@router.post("/promises/{promise_id}/explain", response=PromiseOut, summary="Explain a delay")
@scope(Permission.CASE_WORK)
def explain(request: HttpRequest, promise_id: int, body: DelayIn) -> PromiseOut:
    """Write the customer why it takes longer, and until when."""
    actor = api_actor(request)
    return _promise(
        handling.explain_delay(actor=actor, promise_id=promise_id, new_due=body.new_due, reason=body.reason)
    )


def _promise(one: Promise) -> PromiseOut:
    return promise_out(one)
