"""Complaints of the past, out of files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.channel import Channel, channels

channels.register(Channel("import", _("Import"), order=95))
