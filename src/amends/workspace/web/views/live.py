"""Live news and alerts."""

from __future__ import annotations

import json

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.core.news import missed_since
from amends.notifications.public import mark_all_read, mark_read, unread
from amends.workspace.news import stream

MANY = 50


@permission_required(Permission.CASE_VIEW)
def news(request: HttpRequest) -> StreamingHttpResponse:
    """The event stream of one person's pages."""
    response = StreamingHttpResponse(stream(request_actor(request)), content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    # The stream stays open for hours: it must not keep one of the pool's connections to the database.
    connection.close()
    return response


@permission_required(Permission.CASE_VIEW)
def missed(request: HttpRequest) -> JsonResponse:
    """Whether anything was announced since the page was made (`since` is its mark): then it looks again."""
    response = JsonResponse({"missed": missed_since(request.GET.get("since", ""))})
    response.headers["Cache-Control"] = "no-store"
    return response


@permission_required(Permission.CASE_VIEW)
def alerts(request: HttpRequest) -> HttpResponse:
    """What the person has not seen yet."""
    return render(request, "workspace/parts/alerts.html", {"alerts": unread(request_actor(request).user_id or 0)})


@permission_required(Permission.CASE_VIEW)
def alert_count(request: HttpRequest) -> HttpResponse:
    """How many alerts are unseen; with `?fresh=1` the newest is also said as a toast."""
    user_id = request_actor(request).user_id or 0
    waiting = unread(user_id, limit=MANY)
    if not waiting:
        return HttpResponse("")
    shown = f"{len(waiting)}+" if len(waiting) == MANY else str(len(waiting))
    said = ngettext("alert", "alerts", len(waiting))
    response = HttpResponse(
        format_html('<span class="bar__count">{}<span class="unseen"> {}</span></span>', shown, said)
    )
    if request.GET.get("fresh"):
        newest = waiting[0]
        response.headers["HX-Trigger"] = json.dumps(
            {"toast": {"text": newest.title, "href": newest.url, "alert": True}}
        )
    return response


@permission_required(Permission.CASE_VIEW)
@require_POST
def alert_seen(request: HttpRequest, alert_id: int) -> HttpResponse:
    """One alert was seen."""
    mark_read(actor=request_actor(request), notification_id=alert_id)
    return _again(request)


@permission_required(Permission.CASE_VIEW)
@require_POST
def alerts_seen(request: HttpRequest) -> HttpResponse:
    """All alerts were seen."""
    mark_all_read(actor=request_actor(request))
    return _again(request)


def _again(request: HttpRequest) -> HttpResponse:
    response = render(request, "workspace/parts/alerts.html", {"alerts": unread(request_actor(request).user_id or 0)})
    response.headers["HX-Trigger"] = "alerts-seen"
    return response
