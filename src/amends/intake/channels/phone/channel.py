"""Complaints by phone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.cases.events import ComplaintRegistered, ComplaintsImported
from amends.core.events import on
from amends.core.places import Group, Place, places
from amends.intake.channels.channel import Channel, channels
from amends.intake.webhooks.consumers import Mapped, consumers

channels.register(Channel("phone", _("Phone"), order=40))


def _take_event(mapped: Mapped) -> str:
    from amends.intake.channels.phone.calls import take_event  # models are ready only when it is called

    return take_event(mapped)


consumers["phone"] = _take_event


@on(ComplaintRegistered)
def know_the_caller(event: ComplaintRegistered) -> None:
    """The number that came with a complaint finds its customer when they ring."""
    from amends.intake.channels.phone.callers import note_numbers

    note_numbers([event.complaint_id])


@on(ComplaintsImported)
def know_the_callers(event: ComplaintsImported) -> None:
    """The same for complaints of the past."""
    from amends.intake.channels.phone.callers import note_numbers

    note_numbers(event.complaint_ids)


places.register(
    Place("calls", _("Calls"), _("Go to the calls"), "calls", Permission.CASE_REGISTER, group=Group.TALK, order=20)
)
