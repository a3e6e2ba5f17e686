"""Live chat between the customer and the staff."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.channel import Channel, channels

channels.register(Channel("chat", _("Chat"), order=30))
