"""The forms of the clocks panel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint, panel_response
from amends.clocks import services
from amends.clocks.web.panels import PANEL


@require_POST
@permission_required(Permission.CASE_WORK)
def fact(request: HttpRequest, reference: str) -> HttpResponse:
    """State a fact on which clocks depend, or take it back."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    services.state_fact(
        actor=actor,
        complaint_id=complaint.pk,
        name=request.POST.get("name", ""),
        value=request.POST.get("value", ""),
        reason=request.POST.get("reason", ""),
    )
    return panel_response(request, reference, PANEL)


@require_POST
@permission_required(Permission.CASE_WORK)
def parts(request: HttpRequest, reference: str) -> HttpResponse:
    """Say which part of the complaint each point belongs to."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    chosen = {
        int(name.removeprefix("point-")): str(part)
        for name, part in request.POST.items()
        if name.startswith("point-") and name.removeprefix("point-").isascii() and name.removeprefix("point-").isdigit()
    }
    services.assign_parts(actor=actor, complaint_id=complaint.pk, parts=chosen)
    return panel_response(request, reference, PANEL)
