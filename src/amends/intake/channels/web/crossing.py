"""Requests from other web sites: only those that the unit allows, and never with a cookie.

What the widget sends is authorised by what it carries (a stamp that was signed here, the secret of a chat), not by who
is signed in: cookies are not asked for and not looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from amends.accounts.public import Unit, public_page
from amends.core.errors import AmendsError, NotAllowed, NotFound
from amends.intake.channels.web.brands import look_of

Found = TypeVar("Found")
View = Callable[..., HttpResponseBase]


def is_own(request: HttpRequest, origin: str) -> bool:
    """Whether the page that asks is one of ours."""
    return origin == f"{request.scheme}://{request.get_host()}"


def crossing(
    find: Callable[..., Found | None], unit_of: Callable[[Found], Unit], *methods: str
) -> Callable[[View], View]:
    """Make a view `(request, found)` for pages of other web sites; its refusals are JSON `{"message": …}`.

    Args:
        find: what the address stands for, or None; given the request and the parts of the address.
        unit_of: the unit whose brand says which web sites may ask.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **parts: Any) -> HttpResponseBase:
            origin = request.headers.get("Origin", "")
            found = find(request, **parts)
            allowed = found is not None and _may_ask(request, origin, unit_of(found))
            response = _answer(view, request, found, methods, allowed=allowed)
            if origin and allowed:
                response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin, Accept-Language"
            response.headers["Cache-Control"] = "no-store, private"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            return response

        return csrf_exempt(public_page(guarded))

    return decorate


def _may_ask(request: HttpRequest, origin: str, unit: Unit) -> bool:
    return not origin or is_own(request, origin) or origin in look_of(unit).origins


def _answer(
    view: View, request: HttpRequest, found: Any, methods: tuple[str, ...], *, allowed: bool
) -> HttpResponseBase:
    try:
        if found is None:
            raise NotFound
        if not allowed:
            raise NotAllowed(_("This web site is not allowed to show the form. Please use our own page:"))
        if request.method not in methods:
            return HttpResponse(status=405, headers={"Allow": ", ".join(methods)})
        return view(request, found)
    except AmendsError as refusal:
        body = {"message": refusal.message, "code": refusal.code, "field": refusal.field or ""}
        return JsonResponse(body, status=refusal.status)
