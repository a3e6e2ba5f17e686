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
from django.utils.translation import gettext as _
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
    unit_settings,
)
from amends.cases.public import (
    MOVES,
    OPEN_PHASES,
    Action,
    Attachment,
    Complaint,
    LinkedCase,
    LinkKind,
    Message,
    MessageState,
    Outcome,
    Phase,
    TimelineItem,
    access_complaint,
    allowed,
    drawn_panel,
    links_of,
    recipient_address,
    timeline,
    unreachable,
    visible_complaints,
)
from amends.core import clock
from amends.core.errors import NotFound
from amends.core.panels import Panel, panels
from amends.routing.public import attendances
from amends.workspace.deadlines import badges_for
from amends.workspace.listing import VIEWS, care_words, queue_page
from amends.workspace.mailhtml import SHOWN_TYPES
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
        "owner_presence": attendances([complaint.owner_id], clock.now()).get(complaint.owner_id)
        if complaint.owner_id
        else None,
        "others": others,
        "teams": teams() if may_assign else [],
        "unreachable": unreachable(complaint),
        "links": _links(actor, complaint),
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
        "entries": narrate(
            items,
            names=names,
            zone=ZoneInfo(settings.AMENDS_TIME_ZONE),
            subject=complaint.subject,
            image=lambda file_id: reverse("workspace:image", args=[complaint.reference, file_id]),
        ),
        "heard": max((one.message.pk for one in items if one.message and one.message.direction == "in"), default=0),
    }


def _panel_link(panel: Panel, complaint: Complaint) -> dict[str, Any]:
    url = reverse("workspace:panel", kwargs={"reference": complaint.reference, "key": panel.key})
    return {"key": panel.key, "title": panel.title, "url": url}


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A linked case as a line at the top; without an address when this person may not see it."""

    words: str
    reference: str
    unit: str


def _links(actor: Actor, complaint: Complaint) -> list[LinkLine]:
    linked = links_of(complaint)
    if not linked:
        return []
    seen = set(
        visible_complaints(actor).filter(pk__in=[one.complaint.pk for one in linked]).values_list("pk", flat=True)
    )
    return [
        LinkLine(
            _link_words(one),
            (one.complaint.reference or "") if one.complaint.pk in seen else "",
            one.complaint.unit.name,
        )
        for one in linked
    ]


def _link_words(one: LinkedCase) -> str:
    if one.kind == LinkKind.SAME_MAIL:
        return _("Came with the same mail:")
    return _("Goes on in:") if one.newer else _("Goes on from:")


def _draft(request: HttpRequest, complaint: Complaint) -> str:
    """The words of a message that was called back, for the composer."""
    wanted = request.GET.get("draft", "")
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        return ""
    drafts = Message.objects.filter(
        pk=int(wanted), complaint=complaint, direction="out", state=MessageState.CANCELLED, author__isnull=False
    )
    return drafts.values_list("text", flat=True).first() or ""


def draw_case(
    request: HttpRequest, actor: Actor, complaint: Complaint, *, draft: str = "", warning: str = "", status: int = 200
) -> HttpResponse:
    """The three panes of a case; `draft` stands in the composer, with a `warning` above it."""
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
        "draft": draft or _draft(request, complaint),
        "warning": warning,
        "case_zone": unit_settings(complaint.unit_id).timezone,
    }
    return render(request, "workspace/case.html", context, status=status)


@permission_required(Permission.CASE_VIEW)
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The three panes of a case."""
    actor = request_actor(request)
    return draw_case(request, actor, access_complaint(actor, reference))


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


@permission_required(Permission.CASE_VIEW)
def image(request: HttpRequest, reference: str, file_id: int) -> HttpResponse:
    """An image that came inside a mail, to be shown in its place: only types that are pictures and nothing else."""
    complaint = access_complaint(request_actor(request), reference)
    files = Attachment.objects.select_related("blob").filter(message__complaint=complaint).exclude(content_id="")
    found = files.filter(pk=file_id, content_type__in=SHOWN_TYPES).first()
    if found is None:
        raise NotFound
    response = HttpResponse(bytes(found.blob.data), content_type=found.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def _disposition(name: str) -> str:
    from django.utils.http import content_disposition_header

    safe = "".join(sign for sign in name if sign.isprintable()).replace("/", "_").replace("\\", "_") or "file"
    return content_disposition_header(as_attachment=True, filename=safe) or "attachment"
