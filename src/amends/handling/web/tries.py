"""The panel of what was tried, and its form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from amends.accounts.public import Actor, Permission, permission_required, request_actor
from amends.cases.public import OPEN_PHASES, Complaint, access_complaint, panel_response
from amends.core.errors import BadInput
from amends.core.panels import Panel, panels
from amends.handling.selectors.tries import tries_of
from amends.handling.services.tries import WHAT_LIMIT, note_try

ANSWERS = {"yes": True, "no": False}


def tries_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """What was tried so far (1 query)."""
    return {
        "tries": tries_of(complaint),
        "limit": WHAT_LIMIT,
        "may_work": actor.can(Permission.CASE_WORK) and complaint.phase in OPEN_PHASES,
    }


panels.register(
    Panel(
        key="tries",
        title=_("What was tried"),
        template="handling/panel_tries.html",
        context=tries_context,
        permission=Permission.CASE_VIEW,
        order=45,
    )
)


@require_POST
@permission_required(Permission.CASE_WORK)
def try_note(request: HttpRequest, reference: str) -> HttpResponse:
    """Note what was tried."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    helped = ANSWERS.get(request.POST.get("helped", ""))
    if helped is None:
        raise BadInput("Say whether it helped.", field="helped")
    note_try(actor=actor, complaint_id=complaint.pk, what=request.POST.get("what", ""), helped=helped)
    return panel_response(request, reference, "tries")
