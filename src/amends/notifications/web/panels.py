"""The panel beside a case: who was told of what, when, by which way, and who has it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.panels import Panel, panels
from amends.notifications.selectors import history_of


def panel_context(actor: Any, complaint: Any) -> dict[str, Any]:
    """What the template needs (4 queries)."""
    language = (get_language() or "en").split("-")[0]
    lines = [
        {
            "alert": one,
            "title": one.titles.get(language, one.titles["en"]).removeprefix(f"{complaint.reference}: "),
            "told": list(one.notifications.all()),
            "mine": any(note.user_id == actor.user_id for note in one.notifications.all()),
        }
        for one in reversed(history_of(complaint.pk))
    ]
    return {"lines": lines}


panels.register(
    Panel(
        key="alerts",
        title=_("Alerts"),
        template="notifications/panel_alerts.html",
        context=panel_context,
        permission=Permission.CASE_VIEW,
        order=95,
    )
)
