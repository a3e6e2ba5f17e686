"""What escalation and call-backs do when something happened elsewhere. Registered with the handlers of routing."""

from __future__ import annotations

from amends.cases.events import ComplaintRegistered
from amends.cases.public import Complaint
from amends.core.events import on
from amends.intake.events import CallerReached, CallMissed
from amends.notifications.public import keep_inside
from amends.routing import missed_calls, special_lists


def reference_of_guarded(complaint_id: int) -> str | None:
    """The reference of a case on a restricted list, or about one of us; None for every other one (1 query)."""
    return Complaint.objects.filter(pk=complaint_id, guarded=True).values_list("reference", flat=True).first()


keep_inside(reference_of_guarded)


@on(ComplaintRegistered)
def come_onto_lists_of_the_customer(event: ComplaintRegistered) -> None:
    """A case of a customer on a list comes onto it before anybody sees it or hears of it."""
    special_lists.list_cases_of_customer(complaint_id=event.complaint_id)


@on(CallMissed)
def ring_back(event: CallMissed) -> None:
    """Whoever rang in vain is rung."""
    missed_calls.plan_for_missed(event)


@on(CallerReached)
def nobody_rings_again(event: CallerReached) -> None:
    """Whoever was spoken to needs no call for having rung in vain."""
    missed_calls.spoken_to(event)
