"""The list of mail from somebody else, as an area of the staff's pages. No way in or out of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places

places.register(
    Place(
        "others",
        _("Somebody else wrote"),
        _("Go to mail from somebody else"),
        "mail_others",
        Permission.CASE_WORK,
        group=Group.INTAKE,
        order=20,
    )
)
