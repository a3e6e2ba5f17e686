"""The forms of the hand-off panel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint, panel_response
from amends.core.errors import NotFound
from amends.routing import services
from amends.routing.models import Handoff


def _handoff(request: HttpRequest, reference: str, handoff_id: int) -> int:
    """The id, if the hand-off is of this case and the case is theirs to see."""
    complaint = access_complaint(request_actor(request), reference)
    if not Handoff.objects.filter(pk=handoff_id, complaint=complaint).exists():
        raise NotFound
    return handoff_id


@require_POST
@permission_required(Permission.CASE_WORK)
def accept(request: HttpRequest, reference: str, handoff_id: int) -> HttpResponse:
    """Take the case over."""
    services.accept_handoff(actor=request_actor(request), handoff_id=_handoff(request, reference, handoff_id))
    return panel_response(request, reference, "handoff")


@require_POST
@permission_required(Permission.CASE_WORK)
def return_(request: HttpRequest, reference: str, handoff_id: int) -> HttpResponse:
    """Give the case back."""
    services.return_handoff(
        actor=request_actor(request),
        handoff_id=_handoff(request, reference, handoff_id),
        reason=request.POST.get("reason", ""),
    )
    return panel_response(request, reference, "handoff")
