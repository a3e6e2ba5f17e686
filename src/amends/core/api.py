"""What every domain's API shares: the actor of a request, scopes, and errors as problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.http import HttpRequest

if TYPE_CHECKING:
    from amends.accounts.actors import Actor

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

        guarded.amends_permission = permission  # type: ignore[attr-defined]  # read by the test of all routes
        return cast(Operation, guarded)

    return decorate
