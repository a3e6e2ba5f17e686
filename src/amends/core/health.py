"""`/healthz`: this process lives. `/readyz`: it can work. `/metrics`: figures for Prometheus.

None of them tells a stranger anything: health and readiness are one word, and the figures are for this machine itself
or for whoever has the bearer token AMENDS_METRICS_TOKEN.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from ipaddress import ip_address
from typing import TypeVar

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from amends.core import metrics

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
_up_to_date = False  # migrations are never taken back under a running process


def _public(view: View) -> View:
    """The mark that accounts.web.guard.public_page sets; core may not import from a domain."""
    view.amends_permission = "public"  # type: ignore[attr-defined]  # the route test looks for it
    return view


@_public
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers; asks nothing of anybody."""
    return HttpResponse("ok\n", content_type="text/plain")


@_public
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when the database answers and is up to date, else 503 with which of the two is not."""
    problem = _problem()
    body = {"ready": problem is None, "problem": problem}
    return JsonResponse(body, status=200 if problem is None else 503)


def _problem() -> str | None:
    global _up_to_date  # noqa: PLW0603  # one fact of the process, learnt once
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not _up_to_date:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                return "the database is not up to date: run `amends migrate`"
            _up_to_date = True
    except DatabaseError:
        return "the database does not answer"
    return None


@_public
@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """The figures; 403 for anybody who is neither on this machine nor has the token."""
    if not _may_read_metrics(request):
        return HttpResponse(
            "Set AMENDS_METRICS_TOKEN and send it as a bearer token.\n", status=403, content_type="text/plain"
        )
    try:
        return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
    except DatabaseError:
        return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")


def _may_read_metrics(request: HttpRequest) -> bool:
    expected = os.environ.get("AMENDS_METRICS_TOKEN", "")
    if expected:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), expected.encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # a proxy on this machine speaks for somebody else
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics_page, name="metrics"),
]
