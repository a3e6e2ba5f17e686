"""The verbs of promises: make, keep, explain a delay, and the sweep that notes what the calendar decided."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, unit_settings
from amends.cases.public import Action, Complaint, Phase, access_complaint, move, responsible_ids
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.events import publish
from amends.handling.events import PromiseBroken, PromiseExplained, PromiseKept, PromiseMade, StepDone
from amends.handling.models import Delay, Promise, PromiseSource, Proposal, Step
from amends.handling.rules import (
    RUNNING_STATES,
    PromiseState,
    ProposalState,
    end_of_day,
    remind_at,
    state_when_done,
    state_when_explained,
)
from amends.handling.services.proposals import put_on_record
from amends.handling.services.telling import tell
from amends.handling.services.writing import write_delay
from amends.handling.values import checked_date, checked_line, checked_text

SWEEP_LIMIT = 500


def make_promise(
    actor: Actor,
    complaint: Complaint,
    *,
    what: str,
    due_earliest: date | None,
    due_latest: date,
    timezone: str,
    source: str,
    step: Step | None = None,
) -> Promise:
    """Store a promise and say so; the case is the caller's, locked."""
    made_at = clock.now()
    made = Promise.objects.create(
        complaint=complaint,
        step=step,
        source=source,
        what=what,
        first_due=due_latest,
        due_earliest=due_earliest,
        due_latest=due_latest,
        timezone=timezone,
        due_at=end_of_day(due_latest, timezone),
        remind_at=remind_at(made_at=made_at, due_latest=due_latest, timezone=timezone),
        made_at=made_at,
        made_by=actor.name[:200],
    )
    put_on_record(actor, complaint, "promise_made", promise=made.pk, due=due_latest.isoformat(), source=source)
    publish(PromiseMade(promise_id=made.pk, complaint_id=complaint.pk, due=due_latest))
    return made


def promise(*, actor: Actor, complaint_id: int, what: str, due: date) -> Promise:
    """Note a commitment given to the customer outside of a proposal; `due` is the last day on which it is kept.

    Raises:
        BadInput: it does not say what, or the day has passed.
    """
    actor.require(Permission.CASE_WORK)
    what = checked_line(what, "what", "Say what was promised.", required=True)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        timezone = unit_settings(complaint.unit_id).timezone
        day = checked_date(due, "due", timezone)
        if day is None or end_of_day(day, timezone) <= clock.now():
            raise BadInput("A promise is for today or later: choose another day.", field="due")
        return make_promise(
            actor,
            complaint,
            what=what,
            due_earliest=None,
            due_latest=day,
            timezone=timezone,
            source=PromiseSource.PERSON,
        )


def complete_step(*, actor: Actor, step_id: int, note: str = "", at: datetime | None = None) -> Step:
    """Note that a step is done; the first one starts the carrying out, and its promise is kept, explained or broken.

    Args:
        note: what the customer should know of it (shipment number, payment reference); they see it on their page.
        at: when it was done, aware; now unless given, never in the future.

    Raises:
        Conflict: the proposal was not accepted, the step is of an option that was not chosen, or somebody was faster.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint_id = Step.objects.filter(pk=step_id).values_list("proposal__complaint_id", flat=True).first()
        if complaint_id is None:
            raise NotFound
        complaint = access_complaint(actor, complaint_id, lock=True)
        step = Step.objects.select_related("proposal").get(pk=step_id)
        _check_step(step.proposal, step)
        step.done_at, step.done_by, step.done_note = _done_at(at), actor.name[:200], checked_line(note, "note", "")
        step.save(update_fields=["done_at", "done_by", "done_note"])
        put_on_record(actor, complaint, "step_done", step=step.pk, position=step.position)
        kept = Promise.objects.filter(step=step).exclude(state=PromiseState.RELEASED).first()
        if kept is not None:
            _finish(actor, complaint, kept, step.done_at, step.done_note)
        if complaint.phase == Phase.AGREED:
            move(actor=actor, complaint_id=complaint.pk, action=Action.CARRY_OUT)
        publish(StepDone(step_id=step.pk, complaint_id=complaint.pk))
    return step


def _check_step(proposal: Proposal, step: Step) -> None:
    if proposal.state != ProposalState.ACCEPTED:
        raise Conflict("The customer has not accepted this proposal: its steps cannot be done yet.")
    if step.option not in (0, proposal.chosen_option):
        raise Conflict("This step belongs to an option that the customer did not choose.")
    if step.done_at is not None:
        raise Conflict("This step has been marked as done already.")


def _done_at(at: datetime | None) -> datetime:
    now = clock.now()
    if at is None:
        return now
    if at.tzinfo is None:
        raise BadInput("The time needs a time zone.", field="at")
    if at > now:
        raise BadInput("This time has not come yet.", field="at")
    return at


def keep_promise(*, actor: Actor, promise_id: int, note: str = "", at: datetime | None = None) -> Promise:
    """Note that a promise is done. A promise that belongs to a step is done with its step.

    Raises:
        Conflict: it is done already, or no longer owed.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint, kept = _open_promise(actor, promise_id)
        if kept.step_id is not None:
            complete_step(actor=actor, step_id=kept.step_id, note=note, at=at)
            return Promise.objects.get(pk=promise_id)
        if kept.done_at is not None or kept.state == PromiseState.RELEASED:
            raise Conflict("This promise has been dealt with already.")
        _finish(actor, complaint, kept, _done_at(at), checked_line(note, "note", ""))
    return kept


def _open_promise(actor: Actor, promise_id: int) -> tuple[Complaint, Promise]:
    complaint_id = Promise.objects.filter(pk=promise_id).values_list("complaint_id", flat=True).first()
    if complaint_id is None:
        raise NotFound
    complaint = access_complaint(actor, complaint_id, lock=True)
    return complaint, Promise.objects.get(pk=promise_id)


def _finish(actor: Actor, complaint: Complaint, kept: Promise, done_at: datetime, words: str) -> None:
    before = kept.state
    kept.state = state_when_done(kept.state, kept.due_at, done_at)
    kept.done_at, kept.done_note = done_at, words
    if kept.state == PromiseState.BROKEN and kept.broken_at is None:
        kept.broken_at = kept.due_at
    kept.save(update_fields=["state", "done_at", "done_note", "broken_at"])
    put_on_record(actor, complaint, _done_kind(before, kept.state), promise=kept.pk, state=kept.state)
    if kept.state != PromiseState.BROKEN:
        publish(PromiseKept(promise_id=kept.pk, complaint_id=complaint.pk))
    elif before != PromiseState.BROKEN:
        publish(PromiseBroken(promise_id=kept.pk, complaint_id=complaint.pk))


def _done_kind(before: str, state: str) -> str:
    """The word for the record: late is broken, and what was broken before is only done now."""
    if state != PromiseState.BROKEN:
        return "promise_kept"
    return "promise_done_late" if before == PromiseState.BROKEN else "promise_broken"


def explain_delay(*, actor: Actor, promise_id: int, new_due: date, reason: str) -> Promise:
    """Tell the customer why a promise takes longer and until when. Before its day has passed that is explained in time.

    Raises:
        BadInput: there is no reason, or the new day is not later than the old one and than today.
        Conflict: the promise is done already, or no longer owed.
    """
    actor.require(Permission.CASE_WORK)
    reason = checked_text(
        reason, "reason", "Say why it takes longer, in words the customer can accept.", required=True, limit=4000
    )
    with transaction.atomic():
        complaint, late = _open_promise(actor, promise_id)
        if late.done_at is not None or late.state == PromiseState.RELEASED:
            raise Conflict("This promise has been dealt with already: there is no delay to explain.")
        now = clock.now()
        day = checked_date(new_due, "new_due", late.timezone)
        today = now.astimezone(ZoneInfo(late.timezone)).date()
        if day is None or day <= late.due_latest or day < today:
            raise BadInput("The new day must be later than the one promised, and not in the past.", field="new_due")
        was = late.state
        delay = _store_delay(actor, late, day, reason, now)
        put_on_record(
            actor, complaint, "promise_explained", promise=late.pk, new_due=day.isoformat(), in_time=delay.in_time
        )
        write_delay(actor=actor, complaint=complaint, promise=late, delay=delay)
        if was != PromiseState.BROKEN and late.state == PromiseState.BROKEN:
            publish(PromiseBroken(promise_id=late.pk, complaint_id=complaint.pk))
        publish(PromiseExplained(promise_id=late.pk, complaint_id=complaint.pk, new_due=day))
    return late


def _store_delay(actor: Actor, late: Promise, day: date, reason: str, now: datetime) -> Delay:
    old_due = late.due_latest
    late.state = state_when_explained(late.state, late.due_at, now)
    if late.state == PromiseState.BROKEN and late.broken_at is None:
        late.broken_at = late.due_at
    late.due_latest, late.due_earliest = day, None
    late.due_at = end_of_day(day, late.timezone)
    late.remind_at, late.reminded_at = remind_at(made_at=now, due_latest=day, timezone=late.timezone), None
    late.save(update_fields=["state", "broken_at", "due_latest", "due_earliest", "due_at", "remind_at", "reminded_at"])
    in_time = late.state == PromiseState.EXPLAINED
    return Delay.objects.create(
        promise=late, old_due=old_due, new_due=day, reason=reason, in_time=in_time, by_name=actor.name[:200], at=now
    )


def sweep_promises(*, now: datetime | None = None) -> int:
    """Remind of promises whose day comes near, and mark those as broken whose day has passed; how many were changed.

    Safe with any number of workers: each promise is taken by comparison, in a short transaction of its own.
    """
    now = now or clock.now()
    running = Promise.objects.filter(done_at=None, state__in=RUNNING_STATES)
    passed = list(running.filter(due_at__lte=now).order_by("due_at", "id").values_list("pk", flat=True)[:SWEEP_LIMIT])
    near = running.filter(remind_at__lte=now, reminded_at=None, due_at__gt=now).order_by("remind_at", "id")
    near_ids = list(near.values_list("pk", flat=True)[:SWEEP_LIMIT])
    return sum(_break(promise_id, now) for promise_id in passed) + sum(
        _remind(promise_id, now) for promise_id in near_ids
    )


def _break(promise_id: int, now: datetime) -> bool:
    with transaction.atomic():
        complaint, late = _open_promise(SYSTEM, promise_id)
        won = Promise.objects.filter(pk=promise_id, done_at=None, state__in=RUNNING_STATES, due_at__lte=now).update(
            state=PromiseState.BROKEN, broken_at=late.due_at
        )
        if won:
            put_on_record(SYSTEM, complaint, "promise_broken", promise=promise_id, due=late.due_latest.isoformat())
            tell(
                responsible_ids(complaint),
                complaint=complaint,
                kind="promise_broken",
                title=lambda: _("a promise was not kept: write to the customer today"),
                key=f"promise:{promise_id}:broken",
            )
            publish(PromiseBroken(promise_id=promise_id, complaint_id=complaint.pk))
    return bool(won)


def _remind(promise_id: int, now: datetime) -> bool:
    with transaction.atomic():
        complaint, near = _open_promise(SYSTEM, promise_id)
        won = Promise.objects.filter(pk=promise_id, reminded_at=None, done_at=None, state__in=RUNNING_STATES).update(
            reminded_at=now
        )
        if won:
            tell(
                responsible_ids(complaint),
                complaint=complaint,
                kind="promise_due",
                title=lambda: _("a promise is due: keep it, or explain the delay before the day has passed"),
                key=f"promise:{promise_id}:due:{near.due_latest.isoformat()}",
            )
    return bool(won)


def release_promises(*, actor: Actor, complaint: Complaint) -> int:
    """Let go of what is still running because the complaint was withdrawn or is not ours; how many."""
    released = Promise.objects.filter(complaint=complaint, done_at=None, state__in=RUNNING_STATES).update(
        state=PromiseState.RELEASED, released_at=clock.now()
    )
    if released:
        put_on_record(actor, complaint, "promises_released", count=released)
    return released
