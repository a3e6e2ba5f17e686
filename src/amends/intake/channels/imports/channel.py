"""Complaints of the past, out of files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places
from amends.intake.channels.channel import Channel, channels

channels.register(Channel("import", _("Import"), order=95))
places.register(
    Place(
        "imports",
        _("Imports"),
        _("Go to the imports"),
        "imports",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=40,
    )
)
