"""Answers to surveys: an unhappy one becomes a complaint."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.channel import Channel, channels

channels.register(Channel("survey", _("Survey"), order=50))
