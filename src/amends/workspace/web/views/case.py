"""One case: its page, the parts that refresh alone, its panels and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy

from amends.accounts.public import (
    Actor,
    Permission,
    Team,
    User,
    permission_required,
    request_actor,
    team_members,
    teams,
)
from amends.cases.public import (
    MOVES,
    OPEN_PHASES,
    Action,
    Attachment,
    Complaint,
    Outcome,
    Phase,
    TimelineItem,
    access_complaint,
    allowed,
    drawn_panel,
    recipient_address,
    timeline,
)
from amends.core.errors import NotFound
from amends.core.panels import Panel, panels
from amends.workspace.deadlines import badges_for
from amends.workspace.listing import VIEWS, care_words, queue_page
from amends.workspace.narration import Names, narrate
from amends.workspace.web.views.queue import severities

WAY = (
    Phase.REGISTERED,
    Phase.ACKNOWLEDGED,
    Phase.INVESTIGATING,
    Phase.PROPOSED,
    Phase.AGREED,
    Phase.CARRYING_OUT,
    Phase.RESOLVED,
    Phase.FOLLOWED_UP,
    Phase.CLOSED,
)
OFF_THE_WAY = (Phase.WITHDRAWN, Phase.OUT_OF_JURISDICTION)
COLLEAGUES = 500
BESIDE = 20
"""Cases in the list beside an open one; the whole queue is one key away."""
BY_PANEL = (
    ((Action.PROPOSE,), gettext_lazy("Make a proposal"), "proposal"),
    ((Action.AGREE, Action.DECLINE), gettext_lazy("Record what the customer says to it"), "proposal"),
)
"""Moves that are the consequence of work in a panel: without it the phase would say what did not happen."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One phase on the drawn way of a case: done, now or todo."""

    label: str
    state: str


@dataclass(frozen=True, slots=True)
class Step:
    """One allowed move, as a button; with `panel` it leads there instead."""

    action: str
    label: str
    needs_reason: bool
    needs_outcome: bool
    panel: str = ""


def way_of(phase: str) -> list[Stop]:
    """The way with the case's place on it; a case that left the way shows only where it went."""
    now = Phase.REGISTERED if phase == Phase.RECEIVED else Phase(phase)
    if now in OFF_THE_WAY:
        return [Stop(str(Phase.REGISTERED.label), "done"), Stop(str(now.label), "now")]
    here = WAY.index(now)
    return [
        Stop(str(one.label), "done" if at < here else "now" if at == here else "todo") for at, one in enumerate(WAY)
    ]


def steps_of(phase: str) -> list[Step]:
    """The allowed moves as buttons, and only they; where a panel makes the move, the button leads to it."""
    possible = allowed(phase)
    steps = [
        Step("", str(label), False, False, panel) for actions, label, panel in BY_PANEL if set(actions) & set(possible)
    ]
    return steps + [
        Step(action.value, str(action.label), MOVES[action].needs_reason, needs_outcome=action is Action.RESOLVE)
        for action in possible
        if not any(action in actions for actions, _, _ in BY_PANEL)
    ]


def view_of(request: HttpRequest) -> str:
    """The queue the person came from."""
    wanted = request.GET.get("view", "")
    return wanted if wanted in VIEWS else "all"


def _head(request: HttpRequest, actor: Actor, complaint: Complaint) -> dict[str, Any]:
    may_work = actor.can(Permission.CASE_WORK)
    may_assign = actor.can(Permission.CASE_ASSIGN)
    members = team_members(complaint.team_id) if may_assign and complaint.team_id else []
    known = {person.pk for person in members}
    others = (
        User.objects.filter(is_active=True).exclude(pk__in=known).order_by("name")[:COLLEAGUES] if may_assign else []
    )
    return {
        "complaint": complaint,
        "view": view_of(request),
        "clocks": badges_for([complaint], ended=True).get(complaint.pk, ()),
        "care": care_words(complaint),
        "way": way_of(complaint.phase),
        "may_work": may_work,
        "may_assign": may_assign,
        "may_escalate": actor.can(Permission.CASE_ESCALATE) and complaint.phase in OPEN_PHASES,
        "may_rate": may_work,
        "can_take": may_work and actor.user_id is not None and complaint.owner_id != actor.user_id,
        "moves": steps_of(complaint.phase) if may_work else [],
        "members": members,
        "others": others,
        "teams": teams() if may_assign else [],
        "severities": severities(),
        "outcomes": Outcome.choices,
    }


def _ids(items: Sequence[TimelineItem], kind: str, key: str = "after") -> set[int]:
    """The ids that records of this kind lead to."""
    return {after for item in items if item.kind == kind and isinstance(after := item.data.get(key), int)}


def _timeline(complaint: Complaint) -> dict[str, Any]:
    items = timeline(complaint)
    people = _ids(items, "owner_changed")
    queues = _ids(items, "team_changed") | _ids(items, "escalated", "to")
    names = Names(
        people=dict(User.objects.filter(pk__in=people).values_list("pk", "name")),
        teams=dict(Team.objects.filter(pk__in=queues).values_list("pk", "name")),
    )
    return {
        "complaint": complaint,
        "entries": narrate(items, names=names, zone=ZoneInfo(settings.AMENDS_TIME_ZONE), subject=complaint.subject),
    }


def _panel_link(panel: Panel, complaint: Complaint) -> dict[str, Any]:
    url = reverse("workspace:panel", kwargs={"reference": complaint.reference, "key": panel.key})
    return {"key": panel.key, "title": panel.title, "url": url}


@permission_required(Permission.CASE_VIEW)
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The three panes of a case."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    view = view_of(request)
    context = {
        "area": "queue",
        **_head(request, actor, complaint),
        **_timeline(complaint),
        "view_title": VIEWS[view].title,
        "rows": queue_page(actor=actor, view=view, size=BESIDE).rows,
        "panels": [_panel_link(panel, complaint) for panel in panels if actor.can(panel.permission)],
        "compose": "note" if request.GET.get("compose") == "note" else "reply",
        "reply_to": recipient_address(complaint),
    }
    return render(request, "workspace/case.html", context)


@permission_required(Permission.CASE_VIEW)
def case_part(request: HttpRequest, reference: str, part: str) -> HttpResponse:
    """The head or the timeline alone, after something changed."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    if part == "head":
        return render(request, "workspace/case.html#head", _head(request, actor, complaint))
    if part == "timeline":
        may_work = actor.can(Permission.CASE_WORK)
        context = {**_timeline(complaint), "may_work": may_work, "view": view_of(request)}
        return render(request, "workspace/case.html#timeline", context)
    raise NotFound


@permission_required(Permission.CASE_VIEW)
def panel(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """One panel: the part alone for htmx, a page of its own otherwise."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    found, body = drawn_panel(request, actor, complaint, key)
    if request.headers.get("HX-Request"):
        return HttpResponse(body)
    return render(
        request, "workspace/panel.html", {"complaint": complaint, "panel": _panel_link(found, complaint), "body": body}
    )


@permission_required(Permission.CASE_VIEW)
def file(request: HttpRequest, reference: str, file_id: int) -> HttpResponse:
    """A file of the case, always as a download: nothing a stranger sent is ever shown as a page of ours."""
    complaint = access_complaint(request_actor(request), reference)
    attachment = Attachment.objects.select_related("blob").filter(pk=file_id, message__complaint=complaint).first()
    if attachment is None:
        raise NotFound
    response = HttpResponse(bytes(attachment.blob.data), content_type="application/octet-stream")
    response.headers["Content-Disposition"] = _disposition(attachment.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _disposition(name: str) -> str:
    from django.utils.http import content_disposition_header

    safe = "".join(sign for sign in name if sign.isprintable()).replace("/", "_").replace("\\", "_") or "file"
    return content_disposition_header(as_attachment=True, filename=safe) or "attachment"
