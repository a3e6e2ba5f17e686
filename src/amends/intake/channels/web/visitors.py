"""Who asks, and for which unit."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from amends.accounts.public import Unit, root_unit


def address_of(request: HttpRequest) -> str:
    """The visitor's network address; behind our own proxy the last one it wrote down."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if forwarded and getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        return str(forwarded.rsplit(",", 1)[-1].strip())
    return str(request.META.get("REMOTE_ADDR", ""))


def chosen_unit(key: str) -> Unit:
    """The unit of an address; the whole house for a key that is gone: an old poster loses no complaint."""
    house = root_unit()
    return (Unit.objects.filter(key=key[:80]).first() if key and "\x00" not in key else None) or house
