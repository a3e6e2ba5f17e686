"""Complaints that other programs register, and the ways in that have no program of their own here."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.channel import Channel, channels

channels.register(Channel("api", _("API"), order=80))
channels.register(Channel("letter", _("Letter"), order=81))
channels.register(Channel("shop", _("In the shop"), order=82))
