"""The pages of the lanes: say with one key what a message is, and look at what was set aside."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint
from amends.core.errors import NotFound
from amends.triage.deciding import decide_lane, take_back_lane
from amends.triage.lanes import LaneName
from amends.triage.lists import LISTED, lane_list

TITLES: dict[str, LazyText] = {
    LaneName.TO_DECIDE: _("To decide"),
    LaneName.OTHER: _("Something else"),
    LaneName.CONCERN: _("Put right at once"),
}


@permission_required(Permission.CASE_VIEW)
def lanes(request: HttpRequest, lane: str = LaneName.TO_DECIDE) -> HttpResponse:
    """One list; the message that is open (the first unless `case` says another) has the buttons."""
    if lane not in LISTED:
        raise NotFound
    actor = request_actor(request)
    rows, following = lane_list(actor, lane, after=request.GET.get("after", "")[:300])
    wanted = request.GET.get("case", "")
    opened = next((one for one in rows if one.complaint.reference == wanted), rows[0] if rows else None)
    context = {
        "area": "lanes",
        "lane": lane,
        "lanes": [(one.value, TITLES[one]) for one in LISTED],
        "title": TITLES[lane],
        "rows": rows,
        "opened": opened,
        "following": following,
        "after": request.GET.get("after", "")[:300],
        "may_work": actor.can(Permission.CASE_WORK),
        "decided": request.GET.get("decided", "")[:20],
    }
    return render(request, "triage/lanes.html", context)


@require_POST
@permission_required(Permission.CASE_WORK)
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """Decide, and go back to the list, where the next one is open."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    lane, done = request.POST.get("lane", ""), request.POST.get("done", "")
    decide_lane(actor=actor, complaint_id=complaint.pk, lane=lane, done=done)
    return _back(request, str(complaint.reference))


@require_POST
@permission_required(Permission.CASE_WORK)
def take_back(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the last decision back."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    take_back_lane(actor=actor, complaint_id=complaint.pk)
    return _back(request, "")


def _back(request: HttpRequest, decided: str) -> HttpResponse:
    came_from = request.POST.get("from", "")
    lane = came_from if came_from in LISTED else LaneName.TO_DECIDE.value
    address = reverse("lane_list", kwargs={"lane": lane})
    return HttpResponseRedirect(f"{address}?decided={decided}" if decided else address)
