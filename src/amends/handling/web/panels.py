"""The panels of handling beside a case: points, investigation, proposal, promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Actor, Permission, unit_settings
from amends.cases.public import OPEN_PHASES, Complaint, Phase, points_of, recipient_address
from amends.core import clock
from amends.core.panels import Panel, panels
from amends.handling import wording
from amends.handling.models import Party, Promise, Step
from amends.handling.people import actor_key, may_give
from amends.handling.rules import ANSWERS, ProposalState
from amends.handling.selectors.investigation import files_of, investigation_of
from amends.handling.selectors.promises import promises_of
from amends.handling.selectors.proposals import WholeProposal, proposals_of, totals_of
from amends.handling.web import tries

__all__ = ["tries"]  # registers its panel itself


def points_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The list of points and what is left to confirm (1 query)."""
    points = points_of(complaint)
    return {
        "points": [(point, wording.ASPECTS.get(point.aspect, point.aspect)) for point in points],
        "unconfirmed": sum(point.confirmed_at is None for point in points),
        "may_work": actor.can(Permission.CASE_WORK),
        "aspects": list(wording.ASPECTS.items()),
    }


def investigation_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The playbook's questions with their answers and files (3 queries)."""
    language = wording.page_language()
    playbook, asked = investigation_of(complaint, language)
    lines = [
        {
            "key": one.question.key,
            "stage": wording.STAGES[one.question.stage],
            "ask": one.question.ask.in_language(language),
            "why": one.question.why.in_language(language) if one.question.why else "",
            "choices": [(choice.key, choice.label.in_language(language)) for choice in one.question.choices],
            "answer": one.answer,
            "shown": one.shown,
            "evidence": list(one.answer.evidence.all()) if one.answer else [],
        }
        for one in asked
    ]
    return {
        "title": playbook.title.in_language(language),
        "version": playbook.version,
        "files": files_of(complaint),
        "questions": lines,
        "answered": sum(one.answer is not None for one in asked),
        "next_key": next((one.question.key for one in asked if one.answer is None), ""),
        "may_work": actor.can(Permission.CASE_WORK) and complaint.phase in OPEN_PHASES,
    }


def shown_proposal(whole: WholeProposal) -> dict[str, Any]:
    """A proposal as the templates draw it; once it is accepted, its steps stand among the promises."""
    accepted = whole.proposal.state == ProposalState.ACCEPTED
    return {
        "row": whole.proposal,
        "state": ProposalState(whole.proposal.state).label,
        "remedies": [
            (one, wording.remedy_label(one.kind), wording.remedy_amount(one)) for one in whole.chosen_remedies
        ],
        "steps": [] if accepted else [(one, wording.days(one)) for one in whole.steps],
        "options": whole.options,
        "approval": whole.approval,
        "asked_amounts": [wording.money(amount, code) for code, amount in whole.approval.amounts.items()]
        if whole.approval
        else [],
    }


def proposal_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The newest proposal, what can be done with it now, and the earlier ones (at most 9 queries)."""
    every = proposals_of(complaint)
    newest = every[0] if every else None
    state = newest.proposal.state if newest else ""
    may_work = actor.can(Permission.CASE_WORK)
    return {
        "proposal": shown_proposal(newest) if newest else None,
        "earlier": [shown_proposal(one) for one in every[1:]],
        "may_work": may_work,
        "may_write": may_work
        and complaint.phase in OPEN_PHASES
        and state not in (ProposalState.AWAITING_APPROVAL, ProposalState.SENT),
        "may_send_alone": state == ProposalState.DRAFT and newest is not None and _alone(actor, complaint, newest),
        "may_decide": state == ProposalState.AWAITING_APPROVAL
        and newest is not None
        and _decides(actor, complaint, newest),
        "answers": [(key, ProposalState(value).label) for key, value in ANSWERS.items()],
        "by_phone": not recipient_address(complaint),
    }


def _alone(actor: Actor, complaint: Complaint, whole: WholeProposal) -> bool:
    return may_give(actor, complaint.unit, totals_of(whole.remedies))


def _decides(actor: Actor, complaint: Complaint, whole: WholeProposal) -> bool:
    """Whether this actor could decide the open approval."""
    approval = whole.approval
    if approval is None or not actor.can(Permission.PROPOSAL_APPROVE):
        return False
    proposers = (approval.asked_key, approval.author_key)
    return actor_key(actor) not in proposers and _alone(actor, complaint, whole)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A step, a promise, or both, as one line of the panel. `near` is true from two days before the last day."""

    step: Step | None
    promise: Promise | None
    what: str
    who: str
    days: str
    done: bool
    near: bool

    @property
    def runs(self) -> bool:
        """Whether something is still to be done."""
        return not self.done and (self.promise is None or self.promise.state != "released")


def promises_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """Steps of the accepted proposal with their promises, and promises given beside it (7 queries)."""
    today = clock.now().astimezone(ZoneInfo(unit_settings(complaint.unit_id).timezone)).date()
    promises = promises_of(complaint)
    accepted = [one for one in proposals_of(complaint) if one.proposal.state == ProposalState.ACCEPTED]
    by_step = {one.step_id: one for one in promises if one.step_id is not None}
    lines = [_step_line(step, by_step.get(step.pk), today) for whole in accepted for step in whole.chosen_steps]
    shown = {line.promise.pk for line in lines if line.promise}
    lines += [_promise_line(one, today) for one in promises if one.pk not in shown]
    return {
        "lines": lines,
        "all_done": bool(lines) and not any(line.runs for line in lines),
        "may_resolve": complaint.phase in (Phase.AGREED, Phase.CARRYING_OUT),
        "may_work": actor.can(Permission.CASE_WORK),
        "today": today,
    }


def _step_line(step: Step, promise: Promise | None, today: date) -> LedgerLine:
    who = step.who or str(Party(step.party).label)
    item = promise or step
    return LedgerLine(
        step, promise, step.what, who, wording.days(item), step.done_at is not None, _near(item.due_latest, today)
    )


def _promise_line(promise: Promise, today: date) -> LedgerLine:
    done = promise.done_at is not None
    return LedgerLine(
        None, promise, promise.what, promise.made_by, wording.days(promise), done, _near(promise.due_latest, today)
    )


def _near(due_latest: date, today: date) -> bool:
    return due_latest - today <= timedelta(days=2)


panels.register(
    Panel(
        key="points",
        title=_("Points"),
        template="handling/panel_points.html",
        context=points_context,
        permission=Permission.CASE_VIEW,
        order=20,
    )
)
panels.register(
    Panel(
        key="investigation",
        title=_("Investigation"),
        template="handling/panel_investigation.html",
        context=investigation_context,
        permission=Permission.CASE_VIEW,
        order=40,
    )
)
panels.register(
    Panel(
        key="proposal",
        title=_("Proposal"),
        template="handling/panel_proposal.html",
        context=proposal_context,
        permission=Permission.CASE_VIEW,
        order=50,
    )
)
panels.register(
    Panel(
        key="promises",
        title=_("Steps and promises"),
        template="handling/panel_promises.html",
        context=promises_context,
        permission=Permission.CASE_VIEW,
        order=55,
    )
)
