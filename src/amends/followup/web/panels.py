"""The panel beside a case: what was asked after the resolution, and what the customer said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Actor, Permission
from amends.cases.public import Complaint
from amends.core.panels import Panel, panels
from amends.followup.models import AskState
from amends.followup.selectors import follow_up_of


def panel_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The latest survey and check-in (2 queries)."""
    found = follow_up_of(complaint)
    may = actor.can(Permission.CASE_WORK)
    check_in = found.check_in
    return {
        "survey": found.survey,
        "check_in": check_in,
        "may_send": may and check_in is not None and check_in.state == AskState.PLANNED,
        "may_record": may and check_in is not None and check_in.state in (AskState.SENT, AskState.BY_PHONE),
    }


panels.register(
    Panel(
        key="followup",
        title=_("Follow-up"),
        template="followup/panel_followup.html",
        context=panel_context,
        permission=Permission.CASE_VIEW,
        order=90,
    )
)
