"""The areas of this domain in the staff's bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places

places.register(
    Place(
        "lanes",
        gettext_lazy("Complaint or not"),
        gettext_lazy("Go to what is to be decided"),
        "lanes",
        Permission.CASE_VIEW,
        group=Group.INTAKE,
        order=5,
    )
)
