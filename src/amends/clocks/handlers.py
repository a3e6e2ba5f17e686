"""What clocks do when something happened to a complaint, in the same transaction."""

from __future__ import annotations

from amends.accounts.public import SYSTEM, unit_settings
from amends.cases.events import (
    ComplaintAcknowledged,
    ComplaintAssessed,
    ComplaintRegistered,
    ComplaintsImported,
    MessageSent,
    PhaseChanged,
)
from amends.cases.public import OPEN_PHASES, Action, Complaint, Phase
from amends.clocks import services
from amends.clocks.configured import configured_packs
from amends.core.events import on

STOPPING_PHASES = frozenset({Phase.PROPOSED, Phase.RESOLVED, Phase.CLOSED, Phase.WITHDRAWN, Phase.OUT_OF_JURISDICTION})
"""Phases whose beginning is an event of the same name in the rule packs."""

FINAL_ANSWERS = frozenset({"final_response", "resolution"})
"""Kinds of message that are the final answer to a complaint."""

ASSESSED_FACTS = frozenset({"category", "severity", "safety", "vulnerable", "label", "language"})


@on(ComplaintRegistered)
def start_clocks(event: ComplaintRegistered) -> None:
    """The clocks of a new complaint start with its receipt."""
    start = services.Start(
        complaint_id=event.complaint_id, unit_id=event.unit_id, at=event.received_at, imported=event.imported
    )
    services.start_for(actor=SYSTEM, start=start)


@on(ComplaintAssessed)
def reckon_again(event: ComplaintAssessed) -> None:
    """What became known may change which rules apply, where a rule of the unit asks for it."""
    unit_id = Complaint.objects.values_list("unit_id", flat=True).get(pk=event.complaint_id)
    asked = (pack.facts_used for pack in configured_packs(unit_settings(unit_id).rule_packs))
    if any(facts & ASSESSED_FACTS for facts in asked):
        services.recompute(actor=SYSTEM, complaint_id=event.complaint_id)


@on(ComplaintAcknowledged)
def stop_acknowledgement(event: ComplaintAcknowledged) -> None:
    """The customer has a first answer."""
    services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event="acknowledged", at=event.at)


@on(PhaseChanged)
def follow_phase(event: PhaseChanged) -> None:
    """A phase that ends a duty stops its clocks; reopening starts those that have to be kept again."""
    if event.after in STOPPING_PHASES:
        services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event=event.after, at=event.at)
    if event.action == Action.REOPEN:
        _start(event.complaint_id, "reopened", event)


@on(MessageSent)
def follow_answer(event: MessageSent) -> None:
    """The final answer stops what waited for it, and the customer's time to go further begins."""
    if event.kind in FINAL_ANSWERS:
        services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event="final_response_sent", at=event.at)
        _start(event.complaint_id, "final_response_sent", event)


def _start(complaint_id: int, name: str, event: PhaseChanged | MessageSent) -> None:
    complaint = Complaint.objects.get(pk=complaint_id)
    start = services.Start(
        complaint_id=complaint.pk,
        unit_id=complaint.unit_id,
        at=event.at,
        event=name,
        facts=services.facts_of(complaint),
    )
    services.start_for(actor=SYSTEM, start=start)


@on(ComplaintsImported)
def start_clocks_of_open_imports(event: ComplaintsImported) -> None:
    """Complaints of the past that are still open have deadlines too; those that ran out already alarm nobody."""
    rows = Complaint.objects.filter(pk__in=event.complaint_ids, phase__in=OPEN_PHASES).values_list(
        "pk", "unit_id", "received_at"
    )
    starts = [services.Start(complaint_id=pk, unit_id=unit_id, at=at, imported=True) for pk, unit_id, at in rows]
    if starts:
        services.start_many(actor=SYSTEM, starts=starts)
