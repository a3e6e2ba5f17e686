"""The forms of the follow-up panel."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint, panel_response
from amends.core.errors import BadInput, NotFound
from amends.followup.answering import answer_check_in
from amends.followup.models import CheckIn
from amends.followup.sending import keep_personal_line, send_check_in_now


def _check_in(request: HttpRequest, reference: str, check_in_id: int) -> int:
    """The id, if the check-in is of this case and the case is theirs to see."""
    complaint = access_complaint(request_actor(request), reference)
    if not CheckIn.objects.filter(pk=check_in_id, complaint=complaint).exists():
        raise NotFound
    return check_in_id


@require_POST
@permission_required(Permission.CASE_WORK)
def send(request: HttpRequest, reference: str, check_in_id: int) -> HttpResponse:
    """Keep one's own line for the letter, or send it now."""
    verb = send_check_in_now if request.POST.get("when") == "now" else keep_personal_line
    verb(
        actor=request_actor(request),
        check_in_id=_check_in(request, reference, check_in_id),
        personal=request.POST.get("personal", ""),
    )
    return panel_response(request, reference, "followup")


@require_POST
@permission_required(Permission.CASE_WORK)
def answer(request: HttpRequest, reference: str, check_in_id: int) -> HttpResponse:
    """Record what the customer said on the phone."""
    solved = {"yes": True, "no": False}.get(request.POST.get("solved", ""))
    if solved is None:
        raise BadInput("Say whether it is solved.", field="solved")
    answer_check_in(
        actor=request_actor(request),
        check_in_id=_check_in(request, reference, check_in_id),
        solved=solved,
        words=request.POST.get("words", ""),
    )
    return panel_response(request, reference, "followup")
