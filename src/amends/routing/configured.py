"""Which rules of this installation hold: the built-in ones or the file in the settings."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from amends.routing.alert_rules import BUILT_IN


def rules_file() -> Path:
    """The file with the rules of who must know."""
    return Path(settings.AMENDS_ALERT_RULES) if settings.AMENDS_ALERT_RULES else BUILT_IN
