"""What clocks do when something happened to a complaint, in the same transaction."""

from __future__ import annotations

from amends.accounts.events import UnitChanged
from amends.accounts.public import SYSTEM, unit_settings
from amends.cases.events import (
    ComplaintAcknowledged,
    ComplaintAssessed,
    ComplaintRegistered,
    ComplaintsImported,
    MessageSent,
    PhaseChanged,
    ReceiptCorrected,
)
from amends.cases.public import OPEN_PHASES, Action, Complaint, Phase, access_complaint
from amends.clocks import letter_regimes as _letter_regimes  # noqa: F401  # registers what letters say of regimes
from amends.clocks import services
from amends.clocks.configured import configured_packs
from amends.clocks.models import Clock
from amends.clocks.set_aside import set_aside, take_up_again
from amends.core.events import on
from amends.triage.events import LaneDecided

STOPPING_PHASES = frozenset({Phase.PROPOSED, Phase.RESOLVED, Phase.CLOSED, Phase.WITHDRAWN, Phase.OUT_OF_JURISDICTION})
"""Phases whose beginning is an event of the same name in the rule packs."""

FINAL_ANSWERS = frozenset({"final_response", "resolution"})
"""Kinds of message that are the final answer to a complaint."""

LETTERS_WITH_DATES = frozenset({"acknowledgement", "handoff_notice", "reopened", "delay_notice", "holding"})
"""Kinds of letter that name the day of our answer."""

RECKONED_BY = frozenset({"timezone", "country", "subdivision", "rule_packs"})
"""Settings of a unit on which its dates depend."""

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
    if _facts_asked(event.complaint_id) & ASSESSED_FACTS:
        services.recompute(actor=SYSTEM, complaint_id=event.complaint_id)


def _facts_asked(complaint_id: int) -> frozenset[str]:
    """The facts on which the rule packs of the complaint's unit depend."""
    packs = configured_packs(unit_settings(access_complaint(SYSTEM, complaint_id).unit_id).rule_packs)
    return frozenset(name for pack in packs for name in pack.facts_used)


@on(ComplaintAcknowledged)
def stop_acknowledgement(event: ComplaintAcknowledged) -> None:
    """The customer has a first answer; some regimes count the rest of their time from it."""
    services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event="acknowledged", at=event.at)
    if "acknowledged" in _facts_asked(event.complaint_id):
        services.recompute(actor=SYSTEM, complaint_id=event.complaint_id)


@on(ReceiptCorrected)
def reckon_from_receipt(event: ReceiptCorrected) -> None:
    """Another receipt moves what counts from it."""
    services.recompute(actor=SYSTEM, complaint_id=event.complaint_id)


@on(UnitChanged)
def reckon_for_unit(event: UnitChanged) -> None:
    """Another zone, country or choice of rule packs: the open complaints of the unit and of those below are counted anew."""
    if event.names & RECKONED_BY:
        from amends.clocks.jobs import reckon_unit  # jobs are importable only once Django is up

        reckon_unit.defer(unit_id=event.unit_id)


@on(PhaseChanged)
def follow_phase(event: PhaseChanged) -> None:
    """A phase that ends a duty stops its clocks; reopening starts those that have to be kept again."""
    if event.after in STOPPING_PHASES:
        services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event=event.after, at=event.at)
    if event.action == Action.REOPEN:
        _start(event.complaint_id, "reopened", event)
        # Where a regime has a second stage, a complaint that is not settled has reached it.
        _start(event.complaint_id, "escalation_requested", event, without=("acknowledged",))


@on(MessageSent)
def follow_answer(event: MessageSent) -> None:
    """The final answer stops what waited for it, and the customer's time to go further begins; what a letter said of our
    dates the customer now knows."""
    _answer_second_stage(event)
    if event.kind in LETTERS_WITH_DATES:
        services.note_told(complaint_id=event.complaint_id)
    if event.kind in FINAL_ANSWERS:
        services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event="final_response_sent", at=event.at)
        # A final answer after the second stage began is the answer of that stage.
        services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event="stage2_response_sent", at=event.at)
        _start(event.complaint_id, "final_response_sent", event)


def _answer_second_stage(event: MessageSent) -> None:
    """The first message of the second stage acknowledges it, and the time for its answer counts from then."""
    second = Clock.objects.filter(complaint_id=event.complaint_id, kind="stage2_ack", stopped_at=None).first()
    if second is None:
        return
    services.stop(actor=SYSTEM, complaint_id=event.complaint_id, event="stage2_acknowledged", at=event.at)
    complaint = Complaint.objects.get(pk=event.complaint_id)
    start = services.Start(
        complaint_id=complaint.pk,
        unit_id=complaint.unit_id,
        at=second.started_at,
        event="escalation_requested",
        facts=services.facts_of(complaint) | {"acknowledged": event.at.isoformat()},
        kinds=frozenset({"stage2_response"}),
    )
    services.start_for(actor=SYSTEM, start=start)


def _start(complaint_id: int, name: str, event: PhaseChanged | MessageSent, without: tuple[str, ...] = ()) -> None:
    complaint = Complaint.objects.get(pk=complaint_id)
    start = services.Start(
        complaint_id=complaint.pk,
        unit_id=complaint.unit_id,
        at=event.at,
        event=name,
        facts={key: value for key, value in services.facts_of(complaint).items() if key not in without},
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


@on(LaneDecided)
def follow_lane(event: LaneDecided) -> None:
    """What is no complaint has no deadlines; what is one after all has had them since its receipt."""
    if event.after == "other":
        set_aside(actor=SYSTEM, complaint_id=event.complaint_id)
    elif event.before == "other":
        take_up_again(actor=SYSTEM, complaint_id=event.complaint_id)
