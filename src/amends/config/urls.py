"""Every address of Amends, by domain."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, path

from amends.config.api import api

DOMAINS = (
    "triage.web.urls",
    "routing.web.urls",
    "clocks.web.urls",
    "core.health",
    "notifications.web.urls",
    "intake.web.urls",
    "followup.web.urls",
    "review.web.urls",
    "portal.web.urls",
    "handling.web.urls",
    "workspace.web.urls",
)


def _patterns(name: str) -> list[URLPattern | URLResolver]:
    """The patterns of one domain, when it has pages."""
    module = f"amends.{name}"
    parent = module.rpartition(".")[0]
    if find_spec(parent) is None or find_spec(module) is None:
        return []
    return list(import_module(module).urlpatterns)


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api.urls),
    *(pattern for domain in DOMAINS for pattern in _patterns(domain)),
]
handler400 = "amends.core.middleware.bad_request"
handler403 = "amends.core.middleware.permission_denied"
handler404 = "amends.core.middleware.page_not_found"
handler500 = "amends.core.middleware.server_error"
