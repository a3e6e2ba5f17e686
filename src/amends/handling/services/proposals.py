"""The verbs of a proposal on our side: draft, send, ask and give approval, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, unit_settings
from amends.audit.public import record
from amends.cases.public import DONE_PHASES, Action, Complaint, Phase, access_complaint, announce_change, move
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from amends.core.events import publish
from amends.handling.events import ApprovalAsked, ApprovalGiven, ProposalSent
from amends.handling.models import Approval, Proposal, Remedy, Step
from amends.handling.people import actor_key, approvers, may_give, sender
from amends.handling.rules import OPEN_STATES, ProposalState, next_state
from amends.handling.selectors.proposals import totals_of
from amends.handling.services.telling import tell
from amends.handling.services.writing import write_proposal
from amends.handling.values import NewRemedy, NewStep, checked_remedies, checked_steps, checked_text


def open_proposal(actor: Actor, proposal_id: int) -> tuple[Complaint, Proposal]:
    """The proposal and its case, both ours until the transaction ends.

    Raises:
        NotFound: there is none, or its case is not the actor's.
    """
    complaint_id = Proposal.objects.filter(pk=proposal_id).values_list("complaint_id", flat=True).first()
    if complaint_id is None:
        raise NotFound
    complaint = access_complaint(actor, complaint_id, lock=True)
    return complaint, Proposal.objects.get(pk=proposal_id)


def amounts_of(proposal: Proposal) -> dict[str, Decimal]:
    """What it can cost at most, by currency (1 query)."""
    return totals_of(Remedy.objects.filter(proposal=proposal))


def put_on_record(actor: Actor, complaint: Complaint, kind: str, **data: Any) -> None:
    """Append to the record of the case and tell the open pages."""
    record(actor=actor, chain=f"complaint:{complaint.pk}", kind=kind, data=data)
    announce_change(complaint)


def draft_proposal(
    *,
    actor: Actor,
    complaint_id: int,
    summary: str,
    remedies: Sequence[NewRemedy],
    steps: Sequence[NewStep],
    conditions: str = "",
) -> Proposal:
    """Write a proposal, or write the case's draft anew. Nothing leaves yet.

    Raises:
        BadInput: a value is missing or wrong.
        Conflict: a proposal waits for approval or for the customer already, or the case is over.
    """
    actor.require(Permission.CASE_WORK)
    summary = checked_text(summary, "summary", "Say in a sentence or two what you offer.", required=True)
    conditions = checked_text(conditions, "conditions", "")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        settings = unit_settings(complaint.unit_id)
        wanted = checked_remedies(remedies, settings.currency)
        plan = checked_steps(steps, settings.timezone, frozenset(one.option for one in wanted))
        proposal = _draft_of(actor, complaint)
        proposal.summary, proposal.conditions = summary, conditions
        proposal.save()
        _store_parts(proposal, wanted, plan)
        amounts = {currency: str(amount) for currency, amount in amounts_of(proposal).items()}
        kinds = [one.kind for one in wanted]
        put_on_record(
            actor, complaint, "proposal_drafted", proposal=proposal.pk, remedies=kinds, amounts=amounts, steps=len(plan)
        )
    return proposal


def _draft_of(actor: Actor, complaint: Complaint) -> Proposal:
    if complaint.phase in DONE_PHASES:
        raise Conflict("This case is over: reopen it before you propose something.")
    current = Proposal.objects.filter(complaint=complaint, state__in=OPEN_STATES).first()
    if current is not None and current.state != ProposalState.DRAFT:
        next_state(current.state, "ask_approval")  # says which state it is in
    proposal = current or Proposal(
        complaint=complaint, number=Proposal.objects.filter(complaint=complaint).count() + 1, created_at=clock.now()
    )
    proposal.author_id, proposal.author_key, proposal.author_name = actor.user_id, actor_key(actor), actor.name[:200]
    return proposal


def _store_parts(proposal: Proposal, remedies: Sequence[NewRemedy], steps: Sequence[NewStep]) -> None:
    Remedy.objects.filter(proposal=proposal).delete()
    Step.objects.filter(proposal=proposal).delete()
    Remedy.objects.bulk_create(
        Remedy(
            proposal=proposal,
            position=number,
            option=one.option,
            kind=one.kind,
            amount=one.amount,
            currency=one.currency,
            text=one.text,
        )
        for number, one in enumerate(remedies, start=1)
    )
    Step.objects.bulk_create(
        Step(
            proposal=proposal,
            position=number,
            option=one.option,
            what=one.what,
            who=one.who,
            party=one.party,
            due_earliest=one.due_earliest,
            due_latest=_given(one.due_latest),
        )
        for number, one in enumerate(steps, start=1)
    )


def _given(day: date | None) -> date:
    """A day that was checked before."""
    assert day is not None
    return day


def send_proposal(*, actor: Actor, proposal_id: int) -> Proposal:
    """Send a draft to the customer, or ask for approval when it is above what the actor may give alone.

    Raises:
        Refused: it needs approval, and nobody at this unit may give it.
        BadInput: a step's last day has passed.
        Conflict: it is no draft, or the case is not in a phase for proposals.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint, proposal = open_proposal(actor, proposal_id)
        next_state(proposal.state, "ask_approval")
        _check_days(complaint, proposal)
        amounts = amounts_of(proposal)
        if may_give(actor, complaint.unit, amounts):
            _send(actor, complaint, proposal, act="send")
        else:
            _ask(actor, complaint, proposal, amounts)
    return proposal


def _check_days(complaint: Complaint, proposal: Proposal) -> None:
    from zoneinfo import ZoneInfo

    today = clock.now().astimezone(ZoneInfo(unit_settings(complaint.unit_id).timezone)).date()
    passed = Step.objects.filter(proposal=proposal, due_latest__lt=today).order_by("position").first()
    if passed is not None:
        raise BadInput(f"The last day of step {passed.position} has passed: give it a new date.", field="due_latest")


def _ask(actor: Actor, complaint: Complaint, proposal: Proposal, amounts: dict[str, Decimal]) -> None:
    without = frozenset(user for user in (actor.user_id, proposal.author_id) if user is not None)
    people = approvers(complaint.unit, amounts, without=without)
    if not people:
        raise Refused(
            "Nobody else at this unit may give this much: lower the amounts, or ask an administrator to raise a limit."
        )
    proposal.state = next_state(proposal.state, "ask_approval")
    proposal.save(update_fields=["state"])
    approval = Approval.objects.create(
        proposal=proposal,
        amounts={currency: str(amount) for currency, amount in amounts.items()},
        asked_key=actor_key(actor),
        asked_by_id=actor.user_id,
        asked_name=actor.name[:200],
        author_key=proposal.author_key,
        asked_at=clock.now(),
    )
    put_on_record(actor, complaint, "approval_asked", proposal=proposal.pk, amounts=approval.amounts)
    tell(
        people,
        complaint=complaint,
        kind="approval_asked",
        title=lambda: _("a proposal waits for your approval"),
        key=f"approval:{approval.pk}",
    )
    publish(ApprovalAsked(proposal_id=proposal.pk, complaint_id=complaint.pk))


def _send(actor: Actor, complaint: Complaint, proposal: Proposal, *, act: str) -> None:
    proposal.state, proposal.sent_at = next_state(proposal.state, act), clock.now()
    proposal.save(update_fields=["state", "sent_at"])
    put_on_record(actor, complaint, "proposal_sent", proposal=proposal.pk, number=proposal.number)
    write_proposal(actor=actor, complaint=complaint, proposal=proposal)
    if complaint.phase != Phase.PROPOSED:
        move(actor=actor, complaint_id=complaint.pk, action=Action.PROPOSE)
    publish(ProposalSent(proposal_id=proposal.pk, complaint_id=complaint.pk))


def decide_approval(*, actor: Actor, proposal_id: int, granted: bool, reason: str = "") -> Proposal:
    """Approve a proposal, which sends it, or hand it back as a draft with a reason.

    Raises:
        NotAllowed: the actor wrote it, asked for it, or may not give this much alone.
        BadInput: it is refused without a reason.
        Conflict: somebody else decided already.
    """
    actor.require(Permission.PROPOSAL_APPROVE)
    reason = checked_text(
        reason, "reason", "Say what has to change, so that a better proposal can be made.", required=not granted
    )
    with transaction.atomic():
        complaint, proposal = open_proposal(actor, proposal_id)
        next_state(proposal.state, "refuse")
        approval = Approval.objects.get(proposal=proposal, decided_at=None)
        _check_approver(actor, complaint, proposal, approval)
        approval.granted, approval.reason, approval.decided_at = granted, reason, clock.now()
        approval.decided_key, approval.decided_by_id, approval.decided_name = (
            actor_key(actor),
            actor.user_id,
            actor.name[:200],
        )
        approval.save()
        put_on_record(
            actor,
            complaint,
            "approval_given" if granted else "approval_refused",
            proposal=proposal.pk,
            amounts=approval.amounts,
        )
        if granted:
            _send(sender(proposal.author, actor), complaint, proposal, act="send")
        else:
            proposal.state = next_state(proposal.state, "refuse")
            proposal.save(update_fields=["state"])
        _tell_asker(complaint, approval)
        publish(ApprovalGiven(proposal_id=proposal.pk, complaint_id=complaint.pk, granted=granted))
    return proposal


def _check_approver(actor: Actor, complaint: Complaint, proposal: Proposal, approval: Approval) -> None:
    if actor_key(actor) in (approval.asked_key, approval.author_key, proposal.author_key):
        raise NotAllowed("Somebody else has to approve what you proposed.")
    if not may_give(actor, complaint.unit, amounts_of(proposal)):
        raise NotAllowed("This is above your own limit too: somebody with more authority has to decide.")


def _tell_asker(complaint: Complaint, approval: Approval) -> None:
    if approval.asked_by_id is None:
        return
    granted = bool(approval.granted)
    tell(
        [approval.asked_by_id],
        complaint=complaint,
        kind="approval_given" if granted else "approval_refused",
        title=lambda: _("your proposal was approved and sent") if granted else _("your proposal was not approved"),
        key=f"approval:{approval.pk}:decided",
    )


def withdraw_proposal(*, actor: Actor, proposal_id: int, reason: str) -> Proposal:
    """Take back a proposal that is not decided yet; after it was sent, the case is under investigation again.

    Raises:
        BadInput: there is no reason.
        Conflict: the customer has answered it already.
    """
    actor.require(Permission.CASE_WORK)
    reason = checked_text(reason, "reason", "Say why it is taken back.", required=True)
    with transaction.atomic():
        complaint, proposal = open_proposal(actor, proposal_id)
        was_sent = proposal.state == ProposalState.SENT
        close_as_withdrawn(actor, complaint, proposal, reason)
        if was_sent and complaint.phase == Phase.PROPOSED:
            move(actor=actor, complaint_id=complaint.pk, action=Action.INVESTIGATE)
    return proposal


def close_as_withdrawn(actor: Actor, complaint: Complaint, proposal: Proposal, reason: str) -> None:
    """Mark a proposal as taken back, with an approval that was still open; writes our own tables only."""
    proposal.state, proposal.withdrawn_reason = next_state(proposal.state, "withdraw"), reason
    proposal.save(update_fields=["state", "withdrawn_reason"])
    Approval.objects.filter(proposal=proposal, decided_at=None).delete()
    put_on_record(actor, complaint, "proposal_withdrawn", proposal=proposal.pk)
