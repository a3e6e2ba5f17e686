"""The list of calls that are owed today, and the forms of the call-back panel."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint, panel_response
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.routing import callbacks
from amends.routing.callback_models import AttemptOutcome, CallBack


@require_GET
@permission_required(Permission.CASE_VIEW)
def today(request: HttpRequest) -> HttpResponse:
    """Whom to ring today, the longest overdue first."""
    now = clock.now()
    rows = callbacks.open_call_backs(
        request_actor(request), until=callbacks.end_of_today(settings.AMENDS_TIME_ZONE, now=now)
    )
    context = {
        "area": "callbacks",
        "rows": [(one, now.astimezone(ZoneInfo(one.timezone)), one.due_at < now) for one in rows],
        "script": callbacks.script_for(get_language() or "en"),
        "outcomes": AttemptOutcome.choices,
    }
    return render(request, "routing/callbacks.html", context)


@require_POST
@permission_required(Permission.CASE_WORK)
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    """Owe the customer a call."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    callbacks.plan_call_back(
        actor=actor,
        complaint_id=complaint.pk,
        number=request.POST.get("number", ""),
        timezone=request.POST.get("timezone", ""),
        earliest=_hour(request.POST.get("earliest", "")),
        latest=_hour(request.POST.get("latest", "")),
    )
    return panel_response(request, reference, "callback")


@require_POST
@permission_required(Permission.CASE_WORK)
def attempt_without_case(request: HttpRequest, call_back_id: int) -> HttpResponse:
    """Say how an attempt to ring a caller without a case ended."""
    actor = request_actor(request)
    if not 0 < call_back_id < 2**63 or callbacks.access_call_back(actor, call_back_id).complaint_id is not None:
        raise NotFound
    callbacks.note_attempt(
        actor=actor,
        call_back_id=call_back_id,
        outcome=request.POST.get("outcome", ""),
        note=request.POST.get("note", ""),
    )
    return HttpResponseRedirect(reverse("callbacks"))


@require_POST
@permission_required(Permission.CASE_WORK)
def attempt(request: HttpRequest, reference: str, call_back_id: int) -> HttpResponse:
    """Say how an attempt ended; from the list the answer is the list."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    if not 0 < call_back_id < 2**63 or not CallBack.objects.filter(pk=call_back_id, complaint=complaint).exists():
        raise NotFound
    callbacks.note_attempt(
        actor=actor,
        call_back_id=call_back_id,
        outcome=request.POST.get("outcome", ""),
        note=request.POST.get("note", ""),
    )
    if request.POST.get("from") == "list":
        return HttpResponseRedirect(reverse("callbacks"))
    return panel_response(request, reference, "callback")


def _hour(text: str) -> time | None:
    if not text:
        return None
    try:
        return time.fromisoformat(text[:8]).replace(tzinfo=None)
    except ValueError as error:
        raise BadInput("Write the hours such as 09:30.", field="earliest") from error
