"""Whoever rang in vain is rung back: one call for each number, once for each missed call."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from amends.accounts.public import SYSTEM, User, actor_for_user, unit_settings
from amends.audit.public import record
from amends.cases.public import Complaint, access_complaint, announce_change
from amends.core import clock
from amends.intake.events import CallerReached, CallMissed
from amends.routing.callback_models import CallBack, CallBackState, CallBackWhy
from amends.routing.callback_rules import BestTime, read_call_back_rules
from amends.routing.callbacks import chain_of


def plan_for_missed(event: CallMissed) -> CallBack | None:
    """Owe the caller a call, in their case when they are known; None when one to this number is owed, or was planned for
    this very call."""
    with transaction.atomic():
        if CallBack.objects.filter(Q(call_id=event.call_id) | Q(tail=event.tail, state=CallBackState.OPEN)).exists():
            return None
        complaint = _case_of(event)
        best = _best_of(event, complaint)
        rules = read_call_back_rules()
        try:
            with transaction.atomic():
                made = CallBack.objects.create(
                    complaint=complaint,
                    unit_id=complaint.unit_id if complaint else event.unit_id,
                    call_id=event.call_id,
                    number=event.number,
                    tail=event.tail,
                    why=CallBackWhy.MISSED,
                    made_at=event.at,
                    best_time=event.best_time,
                    timezone=best.timezone,
                    earliest=best.earliest,
                    latest=best.latest,
                    due_at=best.next_from(clock.now() + timedelta(minutes=rules.missed_within_minutes)),
                )
        except IntegrityError as error:
            if "call_back_one_open" not in str(error) and "call_id" not in str(error):
                raise
            return None  # another worker was faster
        data = {"call_back": made.pk, "why": made.why, "due": made.due_at.isoformat()}
        record(actor=SYSTEM, chain=chain_of(made), kind="call_back_planned", data=data)
        if complaint is not None:
            announce_change(complaint)
    return made


def _case_of(event: CallMissed) -> Complaint | None:
    """The caller's case, unless a call to another number is owed in it."""
    if event.complaint_id is None:
        return None
    complaint = access_complaint(SYSTEM, event.complaint_id, lock=True)
    owed = CallBack.objects.filter(complaint=complaint, state=CallBackState.OPEN)
    return None if owed.exists() else complaint


def _best_of(event: CallMissed, complaint: Complaint | None) -> BestTime:
    """The hours of the last call to this number, if somebody asked for them; else any time on the unit's clock."""
    rows = CallBack.objects.filter(tail=event.tail).exclude(earliest=None).order_by("-id")
    known = rows.only("timezone", "earliest", "latest").first()
    if known is not None:
        return BestTime(known.timezone, known.earliest, known.latest)
    return BestTime(unit_settings(complaint.unit_id if complaint else event.unit_id).timezone)


def spoken_to(event: CallerReached) -> int:
    """Somebody of us spoke to this number: the missed calls from it need no call any more; how many were owed."""
    ended = 0
    until_then = Q(tail=event.tail, made_at__lte=event.at) & ~Q(tail="")
    owed = CallBack.objects.filter(
        until_then | Q(call_id=event.call_id), state=CallBackState.OPEN, why=CallBackWhy.MISSED
    )
    with transaction.atomic():
        by = User.objects.filter(pk=event.by_id or 0).first()
        for one in owed.select_related("complaint").select_for_update(of=("self",)):
            one.state, one.ended_at = CallBackState.ANSWERED, clock.now()
            one.save(update_fields=["state", "ended_at"])
            record(
                actor=actor_for_user(by) if by else SYSTEM,
                chain=chain_of(one),
                kind="call_back_needless",
                data={"call_back": one.pk},
            )
            if one.complaint is not None:
                announce_change(one.complaint)
            ended += 1
    return ended
