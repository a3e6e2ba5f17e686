"""The area of the rule packs in the bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places

places.register(
    Place(
        "rule_packs",
        _("Deadlines"),
        _("Go to the rules of the deadlines"),
        "clocks:packs",
        Permission.CASE_VIEW,
        group=Group.SETTINGS,
        order=30,
    )
)
