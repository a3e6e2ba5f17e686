"""The API: authentication, errors, and the routers of all domains."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from procrastinate.exceptions import ConnectorException

from amends import __version__
from amends.accounts.public import Actor, actor_for_secret
from amends.core.errors import AmendsError
from amends.core.outage import database_is_away
from amends.intake.public import channel_apis

ROUTERS = (
    "accounts",
    "intake",
    "cases",
    "triage",
    "clocks",
    "routing",
    "handling",
    "review",
    "followup",
    "notifications",
    "audit",
)
log = structlog.get_logger(__name__)


class TokenAuth(HttpBearer):
    """`Authorization: Bearer amends_…`, made by `amends token create`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor of a token that exists and is not revoked."""
        return actor_for_secret(token)


def problem(status: int, title: str, detail: str, **more: Any) -> HttpResponse:
    """An error as `application/problem+json` (RFC 9457)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return HttpResponse(json.dumps(body), status=status, content_type="application/problem+json")


api = NinjaAPI(
    title="Amends",
    version=__version__,
    description="Receive, resolve and learn from customer complaints. Errors are `application/problem+json` (RFC 9457).",
    auth=TokenAuth(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)


@api.exception_handler(AmendsError)
def refused(request: HttpRequest, error: AmendsError) -> HttpResponse:
    """A refusal of ours: its sentence says what to do."""
    more = {"field": error.field} if error.field else {}
    return problem(error.status, error.code.replace("_", " ").capitalize(), error.message, code=error.code, **more)


@api.exception_handler(AuthenticationError)
def not_authenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    """No token, or one that is unknown or revoked."""
    response = problem(
        401, "Not authenticated", "Send a valid token: `Authorization: Bearer amends_…`.", code="not_authenticated"
    )
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A body or parameter of the wrong shape: each error names its place. What was sent is not repeated."""
    errors = [{"at": ".".join(str(part) for part in one["loc"]), "message": one["msg"]} for one in error.errors]
    return problem(
        422,
        "Bad input",
        "; ".join(f"{one['at']}: {one['message']}" for one in errors[:5]),
        code="bad_input",
        errors=errors[:50],
    )


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Broken JSON and the like."""
    return problem(error.status_code, "Bad request", str(error), code="bad_request")


@api.exception_handler(RequestDataTooBig)
def too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    """The body is larger than the server reads."""
    return problem(413, "Too large", "The body is too large: send files one by one.", code="too_large")


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
@api.exception_handler(ConnectorException)
def unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database is away or gave up on this transaction; nothing of the request was kept."""
    if not database_is_away(error):
        raise error
    log.error("database_unavailable", kind=type(error.__cause__ or error).__name__)
    detail = "The database cannot answer at the moment: send the same request again in a few seconds."
    response = problem(503, "Not available now", detail, code="unavailable")
    response.headers["Retry-After"] = "3"
    return response


@api.exception_handler(Http404)
def absent(request: HttpRequest, error: Http404) -> HttpResponse:
    """No such address."""
    return problem(404, "Not found", "There is no such thing, or it is not yours to see.", code="not_found")


def _routers() -> list[Router]:
    """The routers of all domains, each once."""
    found: list[Router] = []
    modules = [f"amends.{name}.api" for name in ROUTERS]
    for module in (*(import_module(name) for name in modules if find_spec(name) is not None), *channel_apis()):
        router: Router = module.router
        if router not in found:
            found.append(router)
    return found


for one in _routers():
    api.add_router("", one)
