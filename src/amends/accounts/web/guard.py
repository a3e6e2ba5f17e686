"""The guard of every page: each view names its permission here, or that it needs none."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from amends.accounts.actors import Actor, actor_for_user
from amends.accounts.models import User
from amends.core.errors import NotFound

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
PUBLIC = "public"
"""The marker of a view that anybody may open; it must say so, nothing is public by forgetting."""


def request_actor(request: HttpRequest) -> Actor:
    """The actor of a signed-in request, read once per request.

    Raises:
        NotFound: nobody is signed in.
    """
    cached = getattr(request, "_amends_actor", None)
    if cached is not None:
        return cast("Actor", cached)
    if not isinstance(request.user, User) or not request.user.is_active:
        raise NotFound
    actor = actor_for_user(request.user)
    request._amends_actor = actor  # type: ignore[attr-defined]  # noqa: SLF001  # a cache that lives as long as the request
    return actor


def permission_required(permission: str) -> Callable[[View], View]:
    """Name the permission of a staff page. Not signed in: to the sign-in page. Not allowed: 404."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if request.headers.get("HX-Request"):
                    return HttpResponse(status=401, headers={"HX-Redirect": "/sign-in/"})
                return redirect_to_login(request.get_full_path())
            if not request_actor(request).can(permission):
                raise NotFound
            return view(request, *args, **kwargs)

        guarded.amends_permission = permission  # type: ignore[attr-defined]  # read by the test of all routes
        return cast("View", guarded)

    return decorate


def public_page(view: View) -> View:
    """Say that anybody may open this page."""
    view.amends_permission = PUBLIC  # type: ignore[attr-defined]  # read by the test of all routes
    return view
