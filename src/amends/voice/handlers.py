"""What the voice does when something happened to a complaint."""

from __future__ import annotations

from amends.accounts.public import SYSTEM
from amends.cases.events import ComplaintAssessed, MessageQueued
from amends.cases.public import Phase, access_complaint
from amends.core.events import on
from amends.core.onward import go_on
from amends.voice import jobs, services


@on(ComplaintAssessed)
def acknowledge_soon(event: ComplaintAssessed) -> None:
    """What is known about a complaint is enough for a personal first answer. Imported ones wait for nobody's answer."""
    case = access_complaint(SYSTEM, event.complaint_id)
    waits = case.acknowledged_at is None and case.waiting_for_us_since is not None
    if waits and case.phase in (Phase.RECEIVED, Phase.REGISTERED):
        go_on(jobs.acknowledge, complaint_id=event.complaint_id)


@on(MessageQueued)
def make_way_for_a_person(event: MessageQueued) -> None:
    """A person's answer goes: the automatic letter that has not left does not, and those who were called may rest."""
    services.make_way(message_id=event.message_id)
