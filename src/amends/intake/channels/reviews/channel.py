"""Public reviews and mentions, in and (as public replies) out."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places
from amends.intake.channels.channel import Channel, channels
from amends.intake.channels.reviews import figures  # noqa: F401  # registers the figures of the reviews


def _send(message_id: int, not_before: datetime | None) -> None:
    from amends.intake.channels.reviews.jobs import post_later  # jobs are importable only once Django is up

    post_later(message_id, not_before)


channels.register(Channel("review", _("Public review"), order=60, send=_send))
places.register(
    Place(
        "mentions", _("Reviews"), _("Go to the reviews"), "mentions", Permission.CASE_VIEW, group=Group.LISTEN, order=10
    )
)
places.register(
    Place(
        "review_sources",
        _("Sources of reviews"),
        _("Go to the sources of reviews"),
        "review_sources",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=50,
    )
)
