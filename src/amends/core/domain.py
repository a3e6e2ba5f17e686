"""What every domain's AppConfig does at start: import the modules that register themselves."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig

REGISTERING_MODULES = ("handlers", "sections", "places", "web.panels")
"""Modules of a domain that register something when imported: reactions to events, parts of the API's complaint, areas of the
staff's pages, panels."""


class DomainConfig(AppConfig):
    """An AppConfig that imports the domain's registering modules when they exist."""

    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import `handlers`, `sections`, `places` and `web.panels` of this domain, where there are any."""
        for name in REGISTERING_MODULES:
            parent, _, _ = f"{self.name}.{name}".rpartition(".")
            if find_spec(parent) is not None and find_spec(f"{self.name}.{name}") is not None:
                import_module(f"{self.name}.{name}")
