"""The page of a desk: who of a team takes what, who is here, who is next; for team leads and administrators."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Permission, Team, TeamMember, User, permission_required, request_actor
from amends.core import clock
from amends.core.errors import AmendsError, NotFound
from amends.routing.attendance import attendances
from amends.routing.desk import access_team, arranged_teams
from amends.routing.leaving import leaving, say_presence
from amends.routing.models import TeamDesk, Worker
from amends.routing.seats import Seat, desk_of
from amends.routing.web.desk_forms import PersonForm, TeamForm
from amends.routing.web.desk_words import change_lines, missing_words
from amends.routing.web.presence import preview_lines, read_moment


@require_GET
@permission_required(Permission.CASE_ASSIGN)
def desks(request: HttpRequest) -> HttpResponse:
    """To one's own team, else to the first; without any the page says so."""
    actor = request_actor(request)
    teams = list(arranged_teams(actor))
    first = next((one for one in teams if one.pk in actor.team_ids), teams[0] if teams else None)
    if first is None:
        return render(request, "routing/desk.html", {"teams": [], "area": "desk"})
    return redirect("desk", team_key=first.key)


@require_http_methods(["GET", "POST"])
@permission_required(Permission.CASE_ASSIGN)
def desk(request: HttpRequest, team_key: str) -> HttpResponse:
    """One team at work; a POST changes how it works."""
    team = access_team(request_actor(request), team_key)
    settings = getattr(team, "desk", None) or TeamDesk(team=team)
    form = TeamForm(request.POST if request.method == "POST" else None, desk=settings)
    if request.method == "POST" and form.is_valid() and form.save(actor=request_actor(request), team=team):
        messages.success(request, _("Saved: how %(team)s works.") % {"team": team.name})
        return redirect("desk", team_key=team.key)
    return render(request, "routing/desk.html", _context(request, team, form), status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@permission_required(Permission.CASE_ASSIGN)
def person(request: HttpRequest, team_key: str, user_id: int) -> HttpResponse:
    """What somebody can take on, changed in its row; without scripts a page of its own."""
    team, user, worker = _seat(request, team_key, user_id)
    form = PersonForm(request.POST if request.method == "POST" else None, user=user, worker=worker)
    if request.method == "POST" and form.is_valid() and form.save(actor=request_actor(request), user_id=user.pk):
        return _saved(request, team, _("Saved: what %(name)s can take on.") % {"name": user.name})
    return _editor(request, team, user, form, status=422 if form.errors else 200)


@require_POST
@permission_required(Permission.CASE_ASSIGN)
def say(request: HttpRequest, team_key: str, user_id: int) -> HttpResponse:
    """Say for somebody that they are here, away or off shift."""
    team, user, worker = _seat(request, team_key, user_id)
    word = request.POST.get("word", "")
    try:
        zone = attendances([user.pk], clock.now())[user.pk].schedule.zone
        until = read_moment(request.POST.get("until", ""), zone)
        back = say_presence(actor=request_actor(request), word=word, until=until, user_id=user.pk)
    except AmendsError as refused:
        form = PersonForm(user=user, worker=worker)
        return _editor(request, team, user, form, status=refused.status, mistake=refused.message)
    said = _("Saved: how %(name)s stands.") % {"name": user.name}
    if back:
        went = ngettext("%(number)s case went back to its team.", "%(number)s cases went back to their team.", back)
        said = f"{said} {went % {'number': back}}"
    return _saved(request, team, said)


def _seat(request: HttpRequest, team_key: str, user_id: int) -> tuple[Team, User, Worker]:
    team = access_team(request_actor(request), team_key)
    if not 0 < user_id < 2**63:
        raise NotFound
    row = TeamMember.objects.filter(team=team, user_id=user_id, user__is_active=True).select_related("user").first()
    if row is None:
        raise NotFound
    return team, row.user, Worker.objects.filter(user_id=user_id).first() or Worker(user_id=user_id)


def _saved(request: HttpRequest, team: Team, said: str) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        messages.success(request, said)
        return redirect("desk", team_key=team.key)
    response = render(request, "routing/desk.html#people", _context(request, team, None))
    response.headers["HX-Trigger"] = json.dumps({"toast": {"text": said}})
    return response


def _editor(
    request: HttpRequest, team: Team, user: User, form: PersonForm, *, status: int, mistake: str = ""
) -> HttpResponse:
    stands = attendances([user.pk], clock.now())[user.pk]
    context = {
        "team": team,
        "user": user,
        "form": form,
        "mistake": mistake,
        "stands": stands,
        "zone": stands.schedule.zone.key,
        "lines": preview_lines(leaving(user_id=user.pk), name=user.name),
        "area": "desk",
        "partial": bool(request.headers.get("HX-Request")),
    }
    template = "routing/desk_person.html#row" if context["partial"] else "routing/desk_person.html"
    response = render(request, template, context, status=status)
    if status >= 400:
        response.headers["HX-Retarget"] = f"#seat-{user.pk}"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def _context(request: HttpRequest, team: Team, form: TeamForm | None) -> dict[str, Any]:
    actor = request_actor(request)
    found = desk_of(actor=actor, team=team, now=clock.now())
    return {
        "area": "desk",
        "teams": list(arranged_teams(actor)),
        "team": team,
        "desk": found,
        "rows": [(seat, missing_words(seat.lacking), max(_percent(seat), 0)) for seat in found.seats],
        "undoable": [(reference, one, missing_words(one.missing)) for reference, one in found.undoable],
        "more": found.undoable_count - len(found.undoable),
        "next": next((seat for seat in found.seats if seat.place == 1), None),
        "changes": change_lines(found.changes),
        "form": form,
    }


def _percent(seat: Seat) -> int:
    return min(100, round(100 * seat.person.load / seat.person.capacity)) if seat.person.capacity else 0
