"""Handling's keys in a complaint's JSON: promises, proposals, investigation."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Schema

from amends.cases.public import Complaint
from amends.core.sections import Section, sections
from amends.handling.models import Promise, Try
from amends.handling.selectors.investigation import investigation_of
from amends.handling.selectors.promises import promises_of
from amends.handling.selectors.proposals import WholeProposal, proposals_of
from amends.handling.selectors.tries import tries_of


class DelayOut(Schema):
    """One delay that was explained to the customer."""

    old_due: date
    new_due: date
    reason: str
    in_time: bool
    at: datetime


class PromiseOut(Schema):
    """One dated commitment. `state` is open, kept, explained, broken or released; it runs while `done_at` is null."""

    id: int
    what: str
    state: str
    source: str
    step: int | None
    first_due: date
    due_earliest: date | None
    due: date
    due_at: datetime
    made_at: datetime
    done_at: datetime | None
    broken_at: datetime | None
    note: str
    delays: list[DelayOut]


class RemedyOut(Schema):
    """One remedy; `amount` is text, so that no cent is lost. `option` 0 is given in any case."""

    kind: str
    amount: str | None
    currency: str
    text: str
    option: int


class StepOut(Schema):
    """One numbered step."""

    id: int
    number: int
    what: str
    who: str
    party: str
    due_earliest: date | None
    due_latest: date
    option: int
    done_at: datetime | None
    note: str


class ApprovalOut(Schema):
    """Who was asked to approve what, and how it was decided; `granted` is null until then."""

    amounts: dict[str, str]
    asked_by: str
    asked_at: datetime
    granted: bool | None
    decided_by: str
    decided_at: datetime | None
    reason: str


class ProposalOut(Schema):
    """One proposal."""

    id: int
    number: int
    state: str
    summary: str
    conditions: str
    author: str
    created_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    answered_by: str
    answer_words: str
    chosen_option: int | None
    remedies: list[RemedyOut]
    steps: list[StepOut]
    approval: ApprovalOut | None


class EvidenceOut(Schema):
    """A file of the case that shows what an answer says, as in the message it came with."""

    name: str
    sha256: str


class AnswerOut(Schema):
    """One question of the investigation; `answer` is empty while nobody has answered it."""

    key: str
    stage: str
    question: str
    choices: list[str]
    answer: str
    answered_by: str
    answered_at: datetime | None
    evidence: list[EvidenceOut]


class InvestigationOut(Schema):
    """The playbook of a case, and its questions as they stand now."""

    playbook: str
    version: str
    questions: list[AnswerOut]


def promise_out(one: Promise) -> PromiseOut:
    """A promise as the API shows it; its delays must be read already."""
    delays = [
        DelayOut(old_due=row.old_due, new_due=row.new_due, reason=row.reason, in_time=row.in_time, at=row.at)
        for row in one.delays.all()
    ]
    return PromiseOut(
        id=one.pk,
        what=one.what,
        state=one.state,
        source=one.source,
        step=one.step_id,
        first_due=one.first_due,
        due_earliest=one.due_earliest,
        due=one.due_latest,
        due_at=one.due_at,
        made_at=one.made_at,
        done_at=one.done_at,
        broken_at=one.broken_at,
        note=one.done_note,
        delays=delays,
    )


def proposal_out(whole: WholeProposal) -> ProposalOut:
    """A proposal as the API shows it."""
    row = whole.proposal
    return ProposalOut(
        id=row.pk,
        number=row.number,
        state=row.state,
        summary=row.summary,
        conditions=row.conditions,
        author=row.author_name,
        created_at=row.created_at,
        sent_at=row.sent_at,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        answer_words=row.answer_words,
        chosen_option=row.chosen_option,
        remedies=_remedies(whole),
        steps=_steps(whole),
        approval=_approval(whole),
    )


def _remedies(whole: WholeProposal) -> list[RemedyOut]:
    return [
        RemedyOut(
            kind=one.kind,
            amount=None if one.amount is None else str(one.amount),
            currency=one.currency,
            text=one.text,
            option=one.option,
        )
        for one in whole.remedies
    ]


def _steps(whole: WholeProposal) -> list[StepOut]:
    return [
        StepOut(
            id=one.pk,
            number=one.position,
            what=one.what,
            who=one.who,
            party=one.party,
            due_earliest=one.due_earliest,
            due_latest=one.due_latest,
            option=one.option,
            done_at=one.done_at,
            note=one.done_note,
        )
        for one in whole.steps
    ]


def _approval(whole: WholeProposal) -> ApprovalOut | None:
    one = whole.approval
    if one is None:
        return None
    return ApprovalOut(
        amounts=one.amounts,
        asked_by=one.asked_name,
        asked_at=one.asked_at,
        granted=one.granted,
        decided_by=one.decided_name,
        decided_at=one.decided_at,
        reason=one.reason,
    )


def read_investigation(complaint: Complaint) -> InvestigationOut:
    """The questions in English with their answers as they were saved (2 queries)."""
    playbook, asked = investigation_of(complaint)
    return InvestigationOut(
        playbook=playbook.key,
        version=playbook.version,
        questions=[
            AnswerOut(
                key=one.question.key,
                stage=one.question.stage,
                question=one.question.ask.en,
                choices=[choice.key for choice in one.question.choices],
                answer=one.answer.text if one.answer else "",
                answered_by=one.answer.author_name if one.answer else "",
                answered_at=one.answer.at if one.answer else None,
                evidence=[EvidenceOut(name=file.name, sha256=file.blob.sha256) for file in one.answer.evidence.all()]
                if one.answer
                else [],
            )
            for one in asked
        ],
    )


def read_promises(complaint: Complaint) -> list[PromiseOut]:
    """Every promise by its day (2 queries)."""
    return [promise_out(one) for one in promises_of(complaint)]


def read_proposals(complaint: Complaint) -> list[ProposalOut]:
    """Every proposal, newest first (4 queries)."""
    return [proposal_out(one) for one in proposals_of(complaint)]


sections.register(Section("investigation", InvestigationOut, read_investigation, order=50))
sections.register(Section("proposals", list[ProposalOut], read_proposals, order=52))
sections.register(Section("promises", list[PromiseOut], read_promises, order=54))


class TryOut(Schema):
    """Something that was tried, and whether it helped."""

    what: str
    helped: bool
    by: str
    at: datetime


def try_out(one: Try) -> TryOut:
    """A try as the API shows it."""
    return TryOut(what=one.what, helped=one.helped, by=one.by_name, at=one.at)


sections.register(Section("tries", list[TryOut], lambda one: [try_out(row) for row in tries_of(one)], order=51))
