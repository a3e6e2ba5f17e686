"""The pages and forms of the review."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint, panel_response
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.review import services
from amends.review.models import CorrectiveAction
from amends.review.selectors import (
    actions_to_check,
    causes_by_count,
    is_late,
    open_actions,
    review_figures,
    root_cause_of,
)
from amends.review.web.panels import page_language, possible_owners

PERIODS = (30, 90, 365)


def _day(request: HttpRequest, field: str) -> date:
    try:
        return date.fromisoformat(request.POST.get(field, "").strip())
    except ValueError as error:
        raise BadInput("Choose a day, for example 2026-03-20.", field=field) from error


def _owner_id(request: HttpRequest) -> int:
    owner = request.POST.get("owner", "")
    if not (owner.isdecimal() and len(owner) < 19):
        raise BadInput("Choose who makes the change.", field="owner")
    return int(owner)


@permission_required(Permission.REVIEW_VIEW)
def review(request: HttpRequest) -> HttpResponse:
    """What went wrong most often, and what is being changed."""
    actor = request_actor(request)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in PERIODS} else PERIODS[1]
    counts = causes_by_count(actor, language=page_language(), since=clock.now() - timedelta(days=days))
    may_work = actor.can(Permission.REVIEW_WORK)
    context = {
        "area": "review",
        "counts": counts,
        "days": days,
        "periods": PERIODS,
        "figures": review_figures(actor),
        "open": [(one, is_late(one)) for one in open_actions(actor)],
        "to_check": actions_to_check(actor),
        "may_work": may_work,
        "owners": possible_owners(None) if may_work else [],
    }
    return render(request, "review/review.html", context)


@require_POST
@permission_required(Permission.REVIEW_WORK)
def cause_record(request: HttpRequest, reference: str) -> HttpResponse:
    """Record the root cause of a case."""
    services.record_root_cause(
        actor=request_actor(request),
        complaint_id=access_complaint(request_actor(request), reference).pk,
        cause_key=request.POST.get("cause", ""),
        symptom=request.POST.get("symptom", ""),
        five_whys=request.POST.getlist("why"),
        neutral_responsibility=request.POST.get("responsibility", ""),
    )
    return panel_response(request, reference, "root-cause")


@require_POST
@permission_required(Permission.REVIEW_WORK)
def cause_none(request: HttpRequest, reference: str) -> HttpResponse:
    """Record that no cause was found, and why."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    services.record_no_cause(actor=actor, complaint_id=complaint.pk, reason=request.POST.get("reason", ""))
    return panel_response(request, reference, "root-cause")


@require_POST
@permission_required(Permission.REVIEW_WORK)
def action_open(request: HttpRequest, reference: str) -> HttpResponse:
    """Open a corrective action of a case."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    finding = root_cause_of(complaint)
    services.open_corrective_action(
        actor=actor,
        complaint_id=complaint.pk,
        cause_id=finding.pk if finding else None,
        what=request.POST.get("what", ""),
        owner_id=_owner_id(request),
        due_on=_day(request, "due_on"),
    )
    return panel_response(request, reference, "root-cause")


@require_POST
@permission_required(Permission.REVIEW_WORK)
def action_open_general(request: HttpRequest) -> HttpResponse:
    """Open a corrective action that belongs to no single case."""
    services.open_corrective_action(
        actor=request_actor(request),
        complaint_id=None,
        cause_id=None,
        what=request.POST.get("what", ""),
        owner_id=_owner_id(request),
        due_on=_day(request, "due_on"),
    )
    return HttpResponseRedirect("/review/")


@require_POST
@permission_required(Permission.REVIEW_WORK)
def action_done(request: HttpRequest, reference: str, action_id: int) -> HttpResponse:
    """Mark a corrective action of a case as done."""
    _action_of(request, reference, action_id)
    effect = request.POST.get("effect", "")
    services.complete_corrective_action(actor=request_actor(request), action_id=action_id, effect=effect)
    return panel_response(request, reference, "root-cause")


@require_POST
@permission_required(Permission.REVIEW_WORK)
def action_effect(request: HttpRequest, reference: str, action_id: int) -> HttpResponse:
    """Look back at a corrective action of a case."""
    _action_of(request, reference, action_id)
    effect, worked = request.POST.get("effect", ""), request.POST.get("worked") == "yes"
    services.record_effect(actor=request_actor(request), action_id=action_id, effect=effect, worked=worked)
    return panel_response(request, reference, "root-cause")


def _action_of(request: HttpRequest, reference: str, action_id: int) -> None:
    complaint = access_complaint(request_actor(request), reference)
    if not CorrectiveAction.objects.filter(pk=action_id, complaint=complaint).exists():
        raise NotFound


@require_POST
@permission_required(Permission.REVIEW_WORK)
def list_done(request: HttpRequest, action_id: int) -> HttpResponse:
    """Mark a corrective action as done, from the list."""
    effect = request.POST.get("effect", "")
    services.complete_corrective_action(actor=request_actor(request), action_id=action_id, effect=effect)
    return HttpResponseRedirect("/review/")


@require_POST
@permission_required(Permission.REVIEW_WORK)
def list_effect(request: HttpRequest, action_id: int) -> HttpResponse:
    """Look back at a corrective action, from the list."""
    effect, worked = request.POST.get("effect", ""), request.POST.get("worked") == "yes"
    services.record_effect(actor=request_actor(request), action_id=action_id, effect=effect, worked=worked)
    return HttpResponseRedirect("/review/")
