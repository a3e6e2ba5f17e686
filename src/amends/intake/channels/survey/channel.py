"""Answers to surveys: an unhappy one becomes a complaint."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places
from amends.intake.channels.channel import Channel, channels
from amends.intake.webhooks import readings
from amends.intake.webhooks.consumers import Mapped, consumers

channels.register(Channel("survey", _("Survey"), order=50))
READINGS = (readings.deliveries,)
"""Imported here so that the figures of webhooks are registered at start."""


def _take_answer(mapped: Mapped) -> str:
    from amends.intake.channels.survey.inbound import take_answer  # models are ready only when it is called

    return take_answer(mapped)


consumers["survey"] = _take_answer
places.register(
    Place(
        "surveys", _("Surveys"), _("Go to the surveys"), "surveys", Permission.REVIEW_VIEW, group=Group.LISTEN, order=20
    )
)
places.register(
    Place(
        "deliveries",
        _("Webhooks"),
        _("Go to the webhook deliveries that failed"),
        "failed_deliveries",
        Permission.QUARANTINE_WORK,
        group=Group.INTAKE,
        order=40,
    )
)
