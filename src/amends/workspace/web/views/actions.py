"""What can be done with a case. Each view parses, calls one verb and goes back to the case."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from amends.accounts.public import Actor, Permission, permission_required, request_actor
from amends.cases import public as cases
from amends.core.errors import BadInput
from amends.routing.public import escalate as hand_on
from amends.triage.public import correct
from amends.workspace.listing import VIEWS

Verb = Callable[[HttpRequest, Actor, cases.Complaint], str]


def _act(permission: str) -> Callable[[Verb], Callable[..., HttpResponse]]:
    """A POST view around a verb: find the case through the door, do it, say what was done, go back to the case."""

    def decorate(verb: Verb) -> Callable[..., HttpResponse]:
        @permission_required(permission)
        @require_POST
        def view(request: HttpRequest, reference: str) -> HttpResponse:
            actor = request_actor(request)
            complaint = cases.access_complaint(actor, reference)
            messages.success(request, verb(request, actor, complaint))
            return back(request, complaint)

        view.__name__ = verb.__name__
        view.__doc__ = verb.__doc__
        return view

    return decorate


def back(request: HttpRequest, complaint: cases.Complaint, *, draft: int | None = None) -> HttpResponse:
    """To the case, with the queue the person came from beside it, and a called-back message's words in the composer."""
    came_from = request.GET.get("view", "")
    values = ({"view": came_from} if came_from in VIEWS else {}) | ({"draft": str(draft)} if draft else {})
    tail = f"?{urlencode(values)}" if values else ""
    return redirect(
        reverse("workspace:case", kwargs={"reference": complaint.reference}) + tail + ("#composer" if draft else "")
    )


def _number(request: HttpRequest, field: str) -> int | None:
    value = str(request.POST.get(field, ""))
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise BadInput(_("Choose one from the list."), field=field)
    return int(value)


@_act(Permission.CASE_WORK)
def take(request: HttpRequest, actor: Actor, complaint: cases.Complaint) -> str:
    """Make the case one's own."""
    cases.take(actor=actor, complaint_id=complaint.pk)
    return _("%(reference)s is yours.") % {"reference": complaint.reference}


@_act(Permission.CASE_ASSIGN)
def assign(request: HttpRequest, actor: Actor, complaint: cases.Complaint) -> str:
    """Give the case to a person (or nobody), or to a team."""
    if "team" in request.POST:
        team = _number(request, "team")
        if team is None:
            raise BadInput(_("Choose a team."), field="team")
        changed = cases.set_team(actor=actor, complaint_id=complaint.pk, team_id=team)
        return _("%(reference)s is in the queue of %(team)s.") % {
            "reference": complaint.reference,
            "team": changed.team.name if changed.team else "",
        }
    cases.assign(actor=actor, complaint_id=complaint.pk, owner_id=_number(request, "owner"))
    return _("%(reference)s was given on.") % {"reference": complaint.reference}


@_act(Permission.CASE_WORK)
def move(request: HttpRequest, actor: Actor, complaint: cases.Complaint) -> str:
    """Go to the next phase; only allowed moves are accepted."""
    moved = cases.move(
        actor=actor,
        complaint_id=complaint.pk,
        action=str(request.POST.get("action", "")),
        reason=str(request.POST.get("reason", "")),
        outcome=str(request.POST.get("outcome", "")),
    )
    return _("%(reference)s: %(phase)s.") % {"reference": complaint.reference, "phase": cases.Phase(moved.phase).label}


@_act(Permission.CASE_ESCALATE)
def escalate(request: HttpRequest, actor: Actor, complaint: cases.Complaint) -> str:
    """Hand the case to the next tier, with a reason and all that is known."""
    hand_on(
        actor=actor,
        complaint_id=complaint.pk,
        reason=str(request.POST.get("reason", "")),
        to_team_id=_number(request, "team"),
    )
    return _("%(reference)s was escalated. The next colleague has everything that is known.") % {
        "reference": complaint.reference
    }


@_act(Permission.CASE_WORK)
def severity(request: HttpRequest, actor: Actor, complaint: cases.Complaint) -> str:
    """Correct the severity; a correction by a person stays."""
    level = _number(request, "severity")
    if level not in (1, 2, 3, 4):
        raise BadInput(_("Choose a severity from 1 to 4."), field="severity")
    correct(actor=actor, complaint_id=complaint.pk, values={"severity": level})
    return _("The severity was changed.")


@_act(Permission.CASE_WORK)
def note(request: HttpRequest, actor: Actor, complaint: cases.Complaint) -> str:
    """Write an internal note."""
    cases.add_note(actor=actor, complaint_id=complaint.pk, text=str(request.POST.get("text", "")))
    return _("The note is saved. Only colleagues see it.")
