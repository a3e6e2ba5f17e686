"""How refusals and languages reach a person's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFieldsSent
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from amends.core.errors import AmendsError, NotFound
from amends.core.news import mark
from amends.core.outage import database_is_away

GetResponse = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger(__name__)


class LanguageMiddleware:
    """The page's language: `?lang=`, else the cookie, else the browser's; staff can fix theirs on their profile."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        known = dict(settings.LANGUAGES)
        asked = request.GET.get("lang", "") if "\x00" not in request.META.get("QUERY_STRING", "") else ""
        language = next(
            (one for one in (asked, request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")) if one in known), None
        )
        language = language or translation.get_language_from_request(request)
        with translation.override(language):  # the thread goes on to other requests and work: nothing of this one stays
            request.LANGUAGE_CODE = translation.get_language() or "en"
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        if asked in known:
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME, asked, max_age=365 * 86400, samesite="Lax", httponly=True
            )
        return response


class LiveMarkMiddleware:
    """Notes where the database stood before a page of a signed-in person was made, so that it misses no news."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Only whole pages carry a mark: their parts are read again by the page itself."""
        whole = request.method == "GET" and "HX-Request" not in request.headers
        if (
            whole
            and settings.SESSION_COOKIE_NAME in request.COOKIES
            and "text/html" in request.headers.get("Accept", "")
        ):
            try:
                request.live_mark = mark()  # type: ignore[attr-defined]  # read by the frame of the page
            except DatabaseError as error:
                if database_is_away(error):
                    return unavailable(error)
                raise
        return None


class RefusalMiddleware:
    """Turns a refusal raised in a page's view into the page that says what to do."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The page (or partial, for htmx) of an AmendsError; anything else is left alone."""
        if isinstance(exception, RequestDataTooBig | TooManyFieldsSent):
            return error_page(request, 413, _("That is too large. Send less at once, or the files one by one."))
        if database_is_away(exception):
            return unavailable(exception)
        if not isinstance(exception, AmendsError):
            return None
        return error_page(request, exception.status, exception.message)


def error_page(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """The error page, or for htmx a message that the page shows as a toast."""
    partial = bool(request.headers.get("HX-Request"))
    template = "errors/partial.html" if partial else "errors/page.html"
    body = render_to_string(template, {"status": status, "message": message}, request=request)
    response = HttpResponse(body, status=status)
    if partial:
        response.headers["HX-Retarget"] = "#toasts"
        response.headers["HX-Reswap"] = "afterbegin"
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, also for hosts and input that Django refuses."""
    too_big = isinstance(exception, RequestDataTooBig | TooManyFieldsSent)
    if isinstance(exception, SuspiciousOperation) and not too_big:
        return HttpResponse("Bad request\n", status=400, content_type="text/plain")
    return error_page(
        request, 413 if too_big else 400, _("The request could not be understood. Go back and try again.")
    )


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: mostly a form that was open too long."""
    return error_page(request, 403, _("This page was open too long. Load it again and repeat the last step."))


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: not there, or not yours."""
    return error_page(request, 404, NotFound().message)


def unavailable(exception: Exception) -> HttpResponse:
    """503 while the database is away, without a template: its header would ask the database who is signed in."""
    log.error("database_unavailable", kind=type(exception.__cause__ or exception).__name__)
    title, words = _("Not available now"), _("Nothing was changed. Please try again in a few seconds.")
    response = HttpResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{words}</p>", status=503)
    response.headers["Retry-After"] = "3"
    return response


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    """500, without a template that could fail too."""
    return HttpResponse(
        "<!doctype html><title>Error</title><h1>Something broke on our side</h1><p>It has been noted. Please try again in a minute.</p>",
        status=500,
    )
