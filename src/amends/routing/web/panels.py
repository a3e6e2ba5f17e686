"""The hand-off panel beside a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Actor, Permission
from amends.cases.public import OPEN_PHASES, Complaint
from amends.core.panels import Panel, panels
from amends.core.places import Group, Place, places
from amends.routing.callback_models import AttemptOutcome, CallBackState
from amends.routing.callbacks import call_backs_of, script_for
from amends.routing.models import HandoffState
from amends.routing.selectors import handoffs_of, member_ids
from amends.routing.web import leadership, special

__all__ = ["leadership", "special"]  # they register their panels themselves


def handoff_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The open hand-off with its packet, and the earlier ones (2 queries)."""
    rows = handoffs_of(complaint)
    waiting = next((one for one in rows if one.state == HandoffState.OFFERED), None)
    may_decide = waiting is not None and (
        actor.user_id in member_ids(waiting.to_team_id) or actor.can(Permission.CASE_ASSIGN)
    )
    return {
        "waiting": waiting,
        "may_decide": may_decide and actor.can(Permission.CASE_WORK),
        "earlier": [one for one in rows if one is not waiting],
        "may_escalate": actor.can(Permission.CASE_ESCALATE) and complaint.phase in OPEN_PHASES,
    }


panels.register(
    Panel(
        key="handoff",
        title=_("Hand-off"),
        template="routing/panel_handoff.html",
        context=handoff_context,
        permission=Permission.CASE_VIEW,
        order=60,
    )
)


def call_back_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The call that is owed with its attempts, and the earlier ones (2 queries)."""
    rows = call_backs_of(complaint)
    owed = next((one for one in rows if one.state == CallBackState.OPEN), None)
    person = complaint.representative or complaint.customer
    return {
        "owed": owed,
        "earlier": [one for one in rows if one is not owed],
        "may_work": actor.can(Permission.CASE_WORK),
        "phone": person.phone,
        "outcomes": AttemptOutcome.choices,
        "script": script_for(get_language() or "en"),
    }


panels.register(
    Panel(
        key="callback",
        title=_("Call back"),
        template="routing/panel_callback.html",
        context=call_back_context,
        permission=Permission.CASE_VIEW,
        order=65,
    )
)
places.register(
    Place(
        "callbacks",
        _("Call back"),
        _("Go to the calls that are owed"),
        "callbacks",
        Permission.CASE_VIEW,
        group=Group.TALK,
        order=30,
    )
)
