"""The areas of routing in the staff's bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places

places.register(
    Place(
        "routing_rules",
        _("Routing rules"),
        _("Go to the routing rules"),
        "routing_rules",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=40,
    )
)
places.register(
    Place(
        "escalation_criteria",
        _("Escalation"),
        _("Go to the rules of escalation"),
        "escalation_criteria",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=45,
    )
)
places.register(
    Place(
        "desk",
        _("Desk"),
        _("Go to the desk: who takes which case"),
        "desks",
        Permission.CASE_ASSIGN,
        group=Group.SETTINGS,
        order=35,
    )
)
places.register(
    Place(
        "escalation_paths",
        _("The way up"),
        _("Go to the ways up: which team is asked next"),
        "escalation_paths",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=45,
    )
)
places.register(
    Place(
        "special_lists",
        _("Special handling"),
        _("Go to the lists with special handling"),
        "special_lists",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=47,
    )
)
places.register(
    Place(
        "unit_times",
        _("Opening hours"),
        _("Go to the opening hours and closed days"),
        "unit_times",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=50,
    )
)
places.register(
    Place(
        "stuck_cases",
        _("Stuck cases"),
        _("Go to the stuck cases"),
        "stuck_cases",
        Permission.CASE_VIEW,
        group=Group.LISTEN,
        order=60,
    )
)
