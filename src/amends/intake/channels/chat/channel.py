"""Live chat between the customer and the staff."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core import clock
from amends.core.places import Group, Place, places
from amends.intake.channels.channel import Channel, channels
from amends.intake.channels.chat.rules import GRACE


def _send(message_id: int, not_before: datetime | None) -> None:
    """The open page shows it at once; the job looks later whether one did."""
    from amends.intake.channels.chat.jobs import look_later  # jobs are importable only once Django is up

    look_later(message_id, (not_before or clock.now()) + GRACE)


channels.register(Channel("chat", _("Chat"), order=30, send=_send))
places.register(
    Place("chats", _("Chats"), _("Go to the chats"), "chats", Permission.CASE_VIEW, group=Group.TALK, order=10)
)
