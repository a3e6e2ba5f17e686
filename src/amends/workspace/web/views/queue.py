"""The queues and the search."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import Phase
from amends.core.errors import NotFound
from amends.workspace.listing import VIEWS, Narrowing, queue_page, search_page
from amends.workspace.templatetags.workspace import severity_word

SEVERITIES = (1, 2, 3, 4)
OPTIONS = 8


def severities() -> list[tuple[int, str]]:
    """Levels with their words, for menus."""
    return [(level, severity_word(level)) for level in SEVERITIES]


def _narrowing(request: HttpRequest) -> Narrowing:
    phase, severity = request.GET.get("phase", ""), request.GET.get("severity", "")
    return Narrowing(
        phase=phase if phase in Phase.values else "",
        severity=int(severity) if severity in {"1", "2", "3", "4"} else None,
    )


def _cursor(request: HttpRequest) -> str:
    return request.GET.get("after", "")[:500]


def _link(path: str, **values: Any) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path


@permission_required(Permission.CASE_VIEW)
def queue(request: HttpRequest, view: str) -> HttpResponse:
    """One queue; for htmx only its list."""
    if view not in VIEWS:
        raise NotFound
    narrowing, after = _narrowing(request), _cursor(request)
    page = queue_page(actor=request_actor(request), view=view, narrowing=narrowing, after=after)
    chosen = {"phase": narrowing.phase, "severity": narrowing.severity}
    path = reverse("workspace:queue", kwargs={"view": view})
    context = {
        "area": "queue",
        "view": view,
        "views": VIEWS.values(),
        "title": VIEWS[view].title,
        "explanation": VIEWS[view].explanation,
        "rows": page.rows,
        "empty": "filter" if narrowing or after else "first" if view == "all" else "done",
        "phases": Phase.choices,
        "phase": narrowing.phase,
        "severities": severities(),
        "severity": narrowing.severity,
        "here": _link(path, **chosen, after=after),
        "older": _link(path, **chosen, after=page.after) if page.after else "",
        "newer": _link(path, **chosen) if after else "",
    }
    template = "workspace/queue.html#list" if request.headers.get("HX-Request") else "workspace/queue.html"
    return render(request, template, context)


@permission_required(Permission.CASE_VIEW)
def beside(request: HttpRequest, view: str) -> HttpResponse:
    """The queue as the narrow list beside an open case."""
    if view not in VIEWS:
        raise NotFound
    rows = queue_page(actor=request_actor(request), view=view).rows
    return render(
        request,
        "workspace/parts/rows.html",
        {"rows": rows, "narrow": True, "view": view, "current": request.GET.get("current", "")},
    )


@permission_required(Permission.CASE_VIEW)
def nothing(request: HttpRequest) -> HttpResponse:
    """The panes with no case open."""
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "mine"
    rows = queue_page(actor=request_actor(request), view=view).rows
    return render(
        request,
        "workspace/nothing.html",
        {"area": "queue", "view": view, "view_title": VIEWS[view].title, "rows": rows},
    )


@permission_required(Permission.CASE_VIEW)
def search(request: HttpRequest) -> HttpResponse:
    """Cases that match the words typed above."""
    query = request.GET.get("q", "")[:200].replace("\x00", "")
    page = search_page(actor=request_actor(request), query=query, after=_cursor(request))
    older = _link(reverse("workspace:search"), q=query, after=page.after) if page.after else ""
    return render(request, "workspace/search.html", {"query": query, "rows": page.rows, "older": older, "view": "all"})


@permission_required(Permission.CASE_VIEW)
def search_options(request: HttpRequest) -> HttpResponse:
    """The first few matches, for the palette."""
    rows = search_page(actor=request_actor(request), query=request.GET.get("q", ""), size=OPTIONS).rows
    return render(request, "workspace/parts/options.html", {"rows": rows})
