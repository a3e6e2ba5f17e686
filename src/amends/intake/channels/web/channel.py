"""The complaint form."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places
from amends.intake.channels.channel import Channel, channels

channels.register(Channel("web", _("Web form"), order=20))
places.register(
    Place(
        "brands",
        _("Form and widget"),
        _("Go to the look of the form"),
        "brands",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=40,
    )
)
