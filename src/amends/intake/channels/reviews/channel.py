"""Public reviews and mentions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.channel import Channel, channels

channels.register(Channel("review", _("Review"), order=60))
