"""The forms of the clocks panel."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint, panel_response
from amends.clocks import services
from amends.clocks.selectors import zone_of
from amends.clocks.web.panels import PANEL
from amends.core.errors import BadInput


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
def done(request: HttpRequest, reference: str, clock_id: int) -> HttpResponse:
    """Note that the duty behind a clock was done; the time is on the wall of the clock's zone."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    at = _moment(request.POST.get("at", ""))
    services.done(
        actor=actor,
        complaint_id=complaint.pk,
        clock_id=clock_id,
        how=request.POST.get("how", ""),
        at=at.replace(tzinfo=zone_of(complaint, clock_id)) if at and at.tzinfo is None else at,
        event=request.POST.get("event", ""),
    )
    return panel_response(request, reference, PANEL)


def _moment(written: str) -> datetime | None:
    """The date and time of a form; nothing is None."""
    if not written.strip():
        return None
    try:
        return datetime.fromisoformat(written.strip()[:40])
    except ValueError:
        raise BadInput(_("Write the date and time such as 2026-03-02 09:00."), field="at") from None


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
