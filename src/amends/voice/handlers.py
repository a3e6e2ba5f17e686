"""What the voice does when something happened to a complaint."""

from __future__ import annotations

from amends.cases.events import ComplaintAssessed, MessageQueued
from amends.cases.public import Complaint, Phase
from amends.core.events import on
from amends.voice import jobs, services


@on(ComplaintAssessed)
def acknowledge_soon(event: ComplaintAssessed) -> None:
    """What is known about a complaint is enough for a personal first answer. Imported ones wait for nobody's answer."""
    due = Complaint.objects.filter(
        pk=event.complaint_id,
        acknowledged_at=None,
        waiting_for_us_since__isnull=False,
        phase__in=[Phase.RECEIVED, Phase.REGISTERED],
    )
    if due.exists():
        jobs.acknowledge.defer(complaint_id=event.complaint_id)


@on(MessageQueued)
def make_way_for_a_person(event: MessageQueued) -> None:
    """A person's answer goes: the automatic letter that has not left does not, and those who were called may rest."""
    services.make_way(message_id=event.message_id)
