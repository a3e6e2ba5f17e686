"""Lists with special handling: their pages, and the panel beside a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from amends.accounts.public import Actor, Permission, User, permission_required, request_actor
from amends.cases.public import Complaint, ListKind, access_complaint, create_list, panel_response
from amends.core.errors import AmendsError, BadInput, NotFound
from amends.core.panels import Panel, panels
from amends.routing import special_lists
from amends.routing.concerned import note_staff_concerned, staff_complained_about


def special_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The lists the case is on, those it could go on, and whom of us it is about (at most 6 queries)."""
    on = special_lists.lists_of(complaint)
    works = actor.can(Permission.CASE_WORK)
    there = {one.access_list_id for one in on}
    about = User.objects.filter(pk__in=staff_complained_about(complaint.pk)).order_by("name")
    return {
        "on": on,
        "customer_on": {one.access_list_id for one in special_lists.customer_lists_of(complaint)},
        "free": [one for one in special_lists.list_choices() if one.pk not in there] if works else [],
        "about": list(about),
        "may_work": works,
        "may_name": actor.can(Permission.CASE_ASSIGN),
    }


panels.register(
    Panel(
        key="special",
        title=gettext_lazy("Special handling"),
        template="routing/panel_special.html",
        context=special_context,
        permission=Permission.CASE_VIEW,
        order=70,
    )
)


@require_GET
@permission_required(Permission.CASE_VIEW)
def lists(request: HttpRequest) -> HttpResponse:
    """The lists this person may look at."""
    actor = request_actor(request)
    context = {
        "area": "special_lists",
        "lists": special_lists.lists_for(actor),
        "may_change": actor.can(Permission.SETTINGS_CHANGE),
        "kinds": ListKind.choices,
    }
    return render(request, "routing/special_lists.html", context)


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def make(request: HttpRequest) -> HttpResponse:
    """A new list, still without members."""
    name = request.POST.get("name", "")
    try:
        made = create_list(
            actor=request_actor(request),
            key=slugify(name)[:80],
            name=name,
            kind=request.POST.get("kind", ""),
            restricted=bool(request.POST.get("restricted")),
            automatic=bool(request.POST.get("automatic")),
        )
    except AmendsError as refused:
        messages.error(request, refused.message)
        return redirect("special_lists")
    messages.success(request, _("The list is there. Say now who may see it."))
    return redirect("special_list", key=made.key)


@require_GET
@permission_required(Permission.CASE_VIEW)
def one_list(request: HttpRequest, key: str) -> HttpResponse:
    """One list with its members, and those of its cases and customers that this person may see."""
    actor = request_actor(request)
    may_change = actor.can(Permission.SETTINGS_CHANGE)
    page = special_lists.list_page(actor, key)
    context = {
        "area": "special_lists",
        "page": page,
        "may_change": may_change,
        "colleagues": User.objects.filter(is_active=True).order_by("name") if may_change else [],
        "member_ids": {one.pk for one in page.members},
    }
    return render(request, "routing/special_list.html", context)


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def members(request: HttpRequest, key: str) -> HttpResponse:
    """Who may see the list from now on."""
    try:
        special_lists.change_members(
            actor=request_actor(request), key=key, emails=request.POST.getlist("members")[:1000]
        )
    except NotFound:
        raise
    except AmendsError as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, _("The members are saved."))
    return redirect("special_list", key=key)


@require_POST
@permission_required(Permission.CASE_WORK)
def put(request: HttpRequest, reference: str) -> HttpResponse:
    """Put the case on a list; whoever is not on it is told, and goes back to the queue."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    still = special_lists.put_on_list(
        actor=actor,
        complaint_id=complaint.pk,
        key=request.POST.get("list", ""),
        reason=request.POST.get("reason", ""),
        customer_too=bool(request.POST.get("customer_too")),
    )
    return _panel_or_leave(request, reference, still=still)


@require_POST
@permission_required(Permission.CASE_WORK)
def take(request: HttpRequest, reference: str) -> HttpResponse:
    """Take the case off a list."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    special_lists.take_off_list(
        actor=actor,
        complaint_id=complaint.pk,
        key=request.POST.get("list", ""),
        customer_too=bool(request.POST.get("customer_too")),
    )
    return panel_response(request, reference, "special")


@require_POST
@permission_required(Permission.CASE_ASSIGN)
def about_staff(request: HttpRequest, reference: str) -> HttpResponse:
    """Note whom of us the case is about: from now on they never see it."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    person = User.objects.filter(email=request.POST.get("person", "").strip().lower().replace("\x00", "")[:254]).first()
    if person is None:
        raise BadInput("Nobody here has this address.", field="person")
    note_staff_concerned(actor=actor, complaint_id=complaint.pk, user_ids=[person.pk])
    return _panel_or_leave(request, reference, still=person.pk != actor.user_id)


def _panel_or_leave(request: HttpRequest, reference: str, *, still: bool) -> HttpResponse:
    if still:
        return panel_response(request, reference, "special")
    messages.success(request, _("It is done. The case is open to the members of the list only, and no longer to you."))
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(reverse("workspace:home"))
    return HttpResponse(headers={"HX-Redirect": reverse("workspace:home")})
