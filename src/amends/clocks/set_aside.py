"""Clocks of a message that turned out to be no complaint: they stop, and run on from the receipt when it is one after all."""

from __future__ import annotations

from django.db import transaction

from amends.accounts.public import Actor
from amends.audit.public import record
from amends.cases.public import access_complaint, set_next_due
from amends.clocks.models import Clock
from amends.clocks.services import recompute
from amends.clocks.states import next_alarm
from amends.core import clock

STOPPED_BY = "no_longer_applies"


def set_aside(*, actor: Actor, complaint_id: int) -> int:
    """Stop every running clock of a message that is something else, without saying kept or broken; how many."""
    with transaction.atomic(savepoint=False):
        moment = clock.now()
        running = Clock.objects.filter(complaint_id=complaint_id, stopped_at=None).select_for_update().order_by("id")
        kinds = []
        for one in running:
            # A promise that was late already stays late: setting aside must not be a way to hide it.
            late = moment > one.due_at
            one.stopped_at, one.stopped_by, one.alarm_at = (
                one.due_at if late and one.missed != "breach" else moment,
                STOPPED_BY,
                None,
            )
            one.breached_at = (one.breached_at or moment) if late and one.missed == "breach" else None
            one.save(update_fields=["stopped_at", "stopped_by", "alarm_at", "breached_at"])
            kinds.append(one.kind)
        if kinds:
            record(
                actor=actor, chain=f"complaint:{complaint_id}", kind="clocks_set_aside", data={"kinds": sorted(kinds)}
            )
            set_next_due(complaint_id=complaint_id, due_at=None, kind="")
    return len(kinds)


def take_up_again(*, actor: Actor, complaint_id: int) -> int:
    """Let the clocks run on that were set aside, from the receipt as if they had never stopped; how many."""
    with transaction.atomic(savepoint=False):
        moment = clock.now()
        asleep = (
            Clock.objects.filter(complaint_id=complaint_id, stopped_by=STOPPED_BY).select_for_update().order_by("id")
        )
        kinds = []
        for one in asleep:
            one.stopped_at, one.stopped_by, one.breached_at = None, "", None
            one.alarm_at = next_alarm(due_at=one.due_at, warnings=one.warnings, now=moment)
            one.save(update_fields=["stopped_at", "stopped_by", "breached_at", "alarm_at"])
            kinds.append(one.kind)
        if kinds:
            record(
                actor=actor, chain=f"complaint:{complaint_id}", kind="clocks_taken_up", data={"kinds": sorted(kinds)}
            )
            first = (
                Clock.objects.filter(complaint_id=complaint_id, stopped_at=None, missed="breach")
                .order_by("due_at")
                .first()
            )
            set_next_due(
                complaint_id=complaint_id, due_at=first.due_at if first else None, kind=first.kind if first else ""
            )
            # Those that had stopped for another reason, because they do not apply, stop again.
            recompute(actor=actor, complaint_id=access_complaint(actor, complaint_id).pk)
    return len(kinds)
