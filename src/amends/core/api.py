"""What every domain's API shares: the actor of a request, scopes, and errors as problem+json (RFC 9457)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.http import HttpRequest
from ninja import Router

if TYPE_CHECKING:
    from amends.accounts.actors import Actor

complaints_router = Router(tags=["complaints"])
"""The router of `/complaints`, shared: registering is intake's work and reading is the cases domain's, at one address."""

Operation = TypeVar("Operation", bound=Callable[..., Any])


def api_actor(request: HttpRequest) -> Actor:
    """The actor that the token of this API request stands for."""
    return cast("Actor", request.auth)  # type: ignore[attr-defined]  # set by ninja from the authenticator


def scope(permission: str) -> Callable[[Operation], Operation]:
    """Name the permission an operation needs; a token without it is refused with 403."""

    def decorate(operation: Operation) -> Operation:
        @wraps(operation)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            api_actor(request).require(permission)
            return operation(request, *args, **kwargs)

        # ninja reads the parameters from the signature and would look their names up in this module
        guarded.__signature__ = inspect.signature(operation, eval_str=True)  # type: ignore[attr-defined]  # a hook of inspect
        guarded.amends_permission = permission  # type: ignore[attr-defined]  # read by the test of all routes
        return cast("Operation", guarded)

    return decorate
