"""The customer's answer to a proposal, given on their page or recorded by a colleague."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, unit_settings
from amends.cases.public import Action, Complaint, Phase, add_note, move, receive_message, responsible_ids
from amends.core import clock
from amends.core.errors import BadInput
from amends.core.events import publish
from amends.handling.events import ProposalAnswered
from amends.handling.models import Party, Promise, PromiseSource, Proposal, Remedy, Step
from amends.handling.rules import ANSWERS, ProposalState, next_state
from amends.handling.services.promises import make_promise
from amends.handling.services.proposals import open_proposal, put_on_record
from amends.handling.services.telling import tell
from amends.handling.values import checked_text


def answer_proposal(
    *, actor: Actor, proposal_id: int, answer: str, words: str = "", option: int | None = None
) -> Proposal:
    """Record what the customer says to a proposal: `accepted`, `declined` or `other` (they want something else).

    Accepting turns each of our steps into a promise. The same answer given twice counts once.

    Args:
        words: the customer's words; for a colleague how the customer said it, which is required. `other` needs them.
        option: which option was chosen, where there are options.

    Raises:
        BadInput: the answer is unknown, or words or option are missing.
        Conflict: it was answered differently already, or is not open to an answer.
    """
    if actor.kind != "customer":
        actor.require(Permission.CASE_WORK)
    if answer not in ANSWERS:
        raise BadInput(f"Answer with one of: {', '.join(ANSWERS)}.", field="answer")
    with transaction.atomic():
        complaint, proposal = open_proposal(actor, proposal_id)
        by = "customer" if actor.kind == "customer" else "agent"
        if proposal.state == ANSWERS[answer] and proposal.answered_by == by:
            return proposal
        proposal.state = next_state(proposal.state, answer)
        proposal.answered_at, proposal.answered_by = clock.now(), by
        proposal.answer_words = _checked_words(actor, answer, words)
        proposal.chosen_option = _checked_option(proposal, option) if answer == "accepted" else None
        finish_answer(actor, complaint, proposal, answer)
        _keep_words(actor, complaint, proposal)
        if complaint.phase == Phase.PROPOSED:
            move(
                actor=actor, complaint_id=complaint.pk, action=Action.AGREE if answer == "accepted" else Action.DECLINE
            )
    return proposal


def finish_answer(actor: Actor, complaint: Complaint, proposal: Proposal, answer: str) -> None:
    """Store an answered proposal with its promises and say so; the phase is the caller's business."""
    proposal.save(update_fields=["state", "answered_at", "answered_by", "answer_words", "chosen_option"])
    put_on_record(
        actor,
        complaint,
        "proposal_answered",
        proposal=proposal.pk,
        answer=answer,
        by=proposal.answered_by,
        option=proposal.chosen_option,
    )
    if proposal.state == ProposalState.ACCEPTED:
        _promise_steps(actor, complaint, proposal)
    tell(
        responsible_ids(complaint),
        complaint=complaint,
        kind=f"proposal_{answer}",
        title=lambda: {
            "accepted": _("the proposal was accepted"),
            "declined": _("the proposal was declined"),
            "other": _("the customer wants something else than proposed"),
        }[answer],
        key=f"proposal:{proposal.pk}:answered",
    )
    publish(ProposalAnswered(proposal_id=proposal.pk, complaint_id=complaint.pk, answer=answer))


def _checked_words(actor: Actor, answer: str, words: str) -> str:
    if actor.kind != "customer":
        return checked_text(
            words, "words", "Say how the customer answered: on the phone, by letter, in the shop.", required=True
        )
    return checked_text(words, "words", "Tell us what you would like instead.", required=answer == "other")


def _checked_option(proposal: Proposal, option: int | None) -> int | None:
    options = set(Remedy.objects.filter(proposal=proposal, option__gt=0).values_list("option", flat=True))
    if not options:
        return None
    if option not in options:
        raise BadInput(f"Choose one of the options: {', '.join(str(one) for one in sorted(options))}.", field="option")
    return option


def _keep_words(actor: Actor, complaint: Complaint, proposal: Proposal) -> None:
    """The words belong on the timeline: the customer's as their message, a colleague's as a note."""
    if not proposal.answer_words:
        return
    if actor.kind == "customer":
        receive_message(
            actor=actor,
            complaint_id=complaint.pk,
            channel="portal",
            text=proposal.answer_words,
            from_name=actor.name,
            kind="answer",
        )
    else:
        add_note(actor=actor, complaint_id=complaint.pk, text=proposal.answer_words)


def _promise_steps(actor: Actor, complaint: Complaint, proposal: Proposal) -> None:
    """One promise for each step of ours that belongs to what was chosen."""
    settings = unit_settings(complaint.unit_id)
    assert proposal.sent_at is not None
    assert proposal.answered_at is not None
    zone = ZoneInfo(settings.timezone)
    sent_on, accepted_on = proposal.sent_at.astimezone(zone).date(), proposal.answered_at.astimezone(zone).date()
    for step in Step.objects.filter(proposal=proposal, party=Party.US):
        if step.option not in (0, proposal.chosen_option) or Promise.objects.filter(step=step).exists():
            continue
        moved = days_moved(sent_on, accepted_on, step.due_latest)
        make_promise(
            actor,
            complaint,
            what=step.what,
            due_earliest=step.due_earliest and step.due_earliest + moved,
            due_latest=step.due_latest + moved,
            timezone=settings.timezone,
            source=PromiseSource.STEP,
            step=step,
        )


def days_moved(sent_on: date, accepted_on: date, due_latest: date) -> timedelta:
    """How far a step moves because it was accepted late: not at all while its day can be met, else by the wait."""
    return timedelta(0) if due_latest >= accepted_on else accepted_on - sent_on
