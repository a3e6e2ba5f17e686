"""The panel of the letter that somebody at the top signs, and its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from amends.accounts.public import Actor, Permission, permission_required, request_actor
from amends.cases.public import OPEN_PHASES, Complaint, access_complaint, panel_response
from amends.core.panels import Panel, panels
from amends.routing import leadership
from amends.routing.letter_models import LetterState


def leadership_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The letter with its whole text while it waits, and who could sign it (at most 14 queries)."""
    letter = leadership.letter_of(complaint)
    writes = actor.can(Permission.CASE_WORK) and (complaint.phase in OPEN_PHASES or complaint.phase == "resolved")
    open_ = letter is None or letter.state in (LetterState.PROPOSED, LetterState.WAITING)
    waits = letter is not None and letter.state == LetterState.WAITING
    decides = waits and letter is not None and writes and leadership.may_decide(actor, letter)
    preview = ""
    if waits and letter is not None and letter.leader is not None:
        delegate = decides and actor.user_id != letter.leader_id
        by = leadership.user_of(actor) if delegate else None
        preview = leadership.draft(
            complaint, leader=letter.leader, own_words=letter.own_words, delegate=by, to_read=True
        ).text
    return {
        "letter": letter,
        "preview": preview,
        "leaders": leadership.leaders_for(complaint) if writes and open_ else [],
        "may_write": writes and open_,
        "may_decide": decides,
        "may_decline": writes and open_ and letter is not None and actor.can(Permission.CASE_ASSIGN),
        "limit": leadership.WORDS_LIMIT,
    }


panels.register(
    Panel(
        key="leadership",
        title=_("Letter from the top"),
        template="routing/panel_leadership.html",
        context=leadership_context,
        permission=Permission.CASE_VIEW,
        order=67,
    )
)


@require_POST
@permission_required(Permission.CASE_WORK)
def prepare(request: HttpRequest, reference: str) -> HttpResponse:
    """Write the letter and ask whoever signs it."""
    leader = request.POST.get("leader", "")
    number = int(leader) if leader.isascii() and leader.isdigit() and len(leader) < 19 else 0
    words = request.POST.get("own_words", "")
    return _done(
        request, reference, lambda actor, pk: leadership.prepare_letter(
            actor=actor, complaint_id=pk, leader_id=number, own_words=words
        )
    )  # fmt: skip


@require_POST
@permission_required(Permission.CASE_WORK)
def send(request: HttpRequest, reference: str) -> HttpResponse:
    """Approve the letter and send it."""
    return _done(request, reference, lambda actor, pk: leadership.send_letter(actor=actor, complaint_id=pk))


@require_POST
@permission_required(Permission.CASE_WORK)
def return_(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the letter back."""
    reason = request.POST.get("reason", "")
    return _done(
        request, reference, lambda actor, pk: leadership.return_letter(actor=actor, complaint_id=pk, reason=reason)
    )


@require_POST
@permission_required(Permission.CASE_ASSIGN)
def decline(request: HttpRequest, reference: str) -> HttpResponse:
    """Say that no letter is needed."""
    reason = request.POST.get("reason", "")
    return _done(
        request, reference, lambda actor, pk: leadership.decline_letter(actor=actor, complaint_id=pk, reason=reason)
    )


def _done(request: HttpRequest, reference: str, verb: Callable[[Actor, int], object]) -> HttpResponse:
    actor = request_actor(request)
    verb(actor, access_complaint(actor, reference).pk)
    return panel_response(request, reference, "leadership")
