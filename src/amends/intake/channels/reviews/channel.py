"""Public reviews and mentions, in and (as public replies) out."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.channel import Channel, channels
from amends.intake.channels.reviews import figures  # noqa: F401  # registers the figures of the reviews


def _send(message_id: int, not_before: datetime | None) -> None:
    from amends.intake.channels.reviews.jobs import post_later  # jobs are importable only once Django is up

    post_later(message_id, not_before)


channels.register(Channel("review", _("Review"), order=60, send=_send))
