"""The forms of handling's panels. Each calls one verb and answers with the panel as it is now."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import Complaint, access_complaint, add_point, confirm_points, panel_response, remove_point
from amends.core.errors import BadInput, NotFound
from amends.handling.models import Promise, Proposal, Step
from amends.handling.services.answers import answer_proposal
from amends.handling.services.investigation import answer_question
from amends.handling.services.promises import complete_step, explain_delay, keep_promise, promise
from amends.handling.services.proposals import decide_approval, send_proposal, withdraw_proposal


def _case(request: HttpRequest, reference: str) -> Complaint:
    return access_complaint(request_actor(request), reference)


def _of_case(request: HttpRequest, reference: str, rows: QuerySet[Any], key: int) -> int:
    """The id, if the thing belongs to this case and the case is theirs to see."""
    complaint = _case(request, reference)
    path = "proposal__complaint" if rows.model is Step else "complaint"
    if not rows.filter(pk=key, **{path: complaint}).exists():
        raise NotFound
    return key


def _day(request: HttpRequest, field: str) -> date:
    try:
        return date.fromisoformat(request.POST.get(field, "").strip())
    except ValueError as error:
        raise BadInput("Choose a day, for example 2026-03-06.", field=field) from error


@require_POST
@permission_required(Permission.CASE_WORK)
def point_add(request: HttpRequest, reference: str) -> HttpResponse:
    """Add a point in the customer's words."""
    words, aspect = request.POST.get("words", ""), request.POST.get("aspect", "")
    add_point(actor=request_actor(request), complaint_id=_case(request, reference).pk, words=words, aspect=aspect)
    return panel_response(request, reference, "points")


@require_POST
@permission_required(Permission.CASE_WORK)
def points_confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm one point, or all that are left."""
    chosen = request.POST.get("point", "")
    ids = [int(chosen)] if chosen.isdecimal() and len(chosen) < 19 else None
    confirm_points(actor=request_actor(request), complaint_id=_case(request, reference).pk, point_ids=ids)
    return panel_response(request, reference, "points")


@require_POST
@permission_required(Permission.CASE_WORK)
def point_remove(request: HttpRequest, reference: str, point_id: int) -> HttpResponse:
    """Take a point off the list."""
    remove_point(actor=request_actor(request), complaint_id=_case(request, reference).pk, point_id=point_id)
    return panel_response(request, reference, "points")


@require_POST
@permission_required(Permission.CASE_WORK)
def question_answer(request: HttpRequest, reference: str, question: str) -> HttpResponse:
    """Write down what is known about a question."""
    complaint_id, text = _case(request, reference).pk, request.POST.get("text", "")
    ticked = [int(one) for one in request.POST.getlist("evidence") if one.isdecimal() and len(one) < 19]
    answer_question(
        actor=request_actor(request), complaint_id=complaint_id, question_key=question, text=text, evidence=ticked
    )
    return panel_response(request, reference, "investigation")


@require_POST
@permission_required(Permission.CASE_WORK)
def proposal_send(request: HttpRequest, reference: str, proposal_id: int) -> HttpResponse:
    """Send it, or ask for approval."""
    send_proposal(
        actor=request_actor(request), proposal_id=_of_case(request, reference, Proposal.objects.all(), proposal_id)
    )
    return panel_response(request, reference, "proposal")


@require_POST
@permission_required(Permission.PROPOSAL_APPROVE)
def proposal_decide(request: HttpRequest, reference: str, proposal_id: int) -> HttpResponse:
    """Approve it, or hand it back."""
    key = _of_case(request, reference, Proposal.objects.all(), proposal_id)
    granted, reason = request.POST.get("granted") == "yes", request.POST.get("reason", "")
    decide_approval(actor=request_actor(request), proposal_id=key, granted=granted, reason=reason)
    return panel_response(request, reference, "proposal")


@require_POST
@permission_required(Permission.CASE_WORK)
def proposal_answer(request: HttpRequest, reference: str, proposal_id: int) -> HttpResponse:
    """Record what the customer said."""
    key, option = _of_case(request, reference, Proposal.objects.all(), proposal_id), request.POST.get("option", "")
    answer_proposal(
        actor=request_actor(request),
        proposal_id=key,
        answer=request.POST.get("answer", ""),
        words=request.POST.get("words", ""),
        option=int(option) if option.isdecimal() and len(option) < 4 else None,
    )
    return panel_response(request, reference, "proposal")


@require_POST
@permission_required(Permission.CASE_WORK)
def proposal_withdraw(request: HttpRequest, reference: str, proposal_id: int) -> HttpResponse:
    """Take it back."""
    key, reason = _of_case(request, reference, Proposal.objects.all(), proposal_id), request.POST.get("reason", "")
    withdraw_proposal(actor=request_actor(request), proposal_id=key, reason=reason)
    return panel_response(request, reference, "proposal")


@require_POST
@permission_required(Permission.CASE_WORK)
def step_done(request: HttpRequest, reference: str, step_id: int) -> HttpResponse:
    """Mark a step as done."""
    key, note = _of_case(request, reference, Step.objects.all(), step_id), request.POST.get("note", "")
    complete_step(actor=request_actor(request), step_id=key, note=note)
    return panel_response(request, reference, "promises")


@require_POST
@permission_required(Permission.CASE_WORK)
def promise_make(request: HttpRequest, reference: str) -> HttpResponse:
    """Note a promise that was given."""
    complaint_id, what = _case(request, reference).pk, request.POST.get("what", "")
    promise(actor=request_actor(request), complaint_id=complaint_id, what=what, due=_day(request, "due"))
    return panel_response(request, reference, "promises")


@require_POST
@permission_required(Permission.CASE_WORK)
def promise_keep(request: HttpRequest, reference: str, promise_id: int) -> HttpResponse:
    """Mark a promise as kept."""
    key, note = _of_case(request, reference, Promise.objects.all(), promise_id), request.POST.get("note", "")
    keep_promise(actor=request_actor(request), promise_id=key, note=note)
    return panel_response(request, reference, "promises")


@require_POST
@permission_required(Permission.CASE_WORK)
def promise_explain(request: HttpRequest, reference: str, promise_id: int) -> HttpResponse:
    """Explain a delay to the customer."""
    key, reason = _of_case(request, reference, Promise.objects.all(), promise_id), request.POST.get("reason", "")
    explain_delay(actor=request_actor(request), promise_id=key, new_due=_day(request, "new_due"), reason=reason)
    return panel_response(request, reference, "promises")
