"""The sweep: what has come due is noticed, exactly once."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Membership, Role
from amends.audit.public import record
from amends.cases.public import Complaint, access_complaint, announce_change
from amends.clocks.events import ClockBreached, ClockWarned
from amends.clocks.models import Clock
from amends.clocks.rulewords import Missed
from amends.clocks.services.running import noticed
from amends.clocks.states import LAPSED, next_alarm
from amends.core import clock
from amends.core.events import publish
from amends.notifications.public import tell

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
CHUNK = 2000
"""Ends that are noted in one transaction."""
UNATTENDED = timedelta(minutes=2)
"""A clock that was due that long ago was not looked at because nobody was there to look."""


@dataclass(slots=True)
class Swept:
    """What one sweep did; `more` says that something was left to the next one."""

    warned: int = 0
    breached: int = 0
    lapsed: int = 0
    failed: int = 0
    more: bool = field(default=False, compare=False)

    def take(
        self, what: Literal["warned", "breached"], pk: int, case: int, done: Callable[[], bool], until: float
    ) -> None:
        """Do one while there is time, and count it once its transaction stands; a failure does not hold up the others."""
        if time.monotonic() > until:
            self.more = True
            return
        try:
            if done():
                setattr(self, what, getattr(self, what) + 1)
        except Exception:  # a reaction of another domain failed: say so, and do not hold up everybody else's clocks
            log.exception("clock_not_swept", clock=pk, complaint=case)
            self.failed += 1


def sweep(*, now: datetime | None = None, limit: int = 20_000, seconds: float | None = None) -> Swept:
    """Notice every warning and every end that has come since the last sweep, each exactly once.

    All ends are noted first, because at midnight thousands of clocks run out in the same second; what follows from each
    (the record, the alerts, the escalation) comes afterwards, in a transaction for each, the oldest first. After so many
    `seconds` the rest is left to the next sweep, so that new ends are noted meanwhile. What a worker that died had noted
    and not told is told by the next sweep.

    Safe with any number of sweeps at the same time: each clock is decided by comparison, nobody waits for a case that
    somebody else holds, and whoever comes second does nothing. One clock that fails is logged and left for the next
    sweep; the others go on.
    """
    moment = now or clock.now()
    until = time.monotonic() + (seconds if seconds is not None else math.inf)
    waiting = list(
        Clock.objects.filter(alarm_at__lt=moment)
        .order_by("alarm_at", "id")
        .values_list("pk", "complaint_id", "alarm_at", "due_at")[:limit]
    )
    swept = Swept(more=len(waiting) == limit)
    late = [
        alarm_at for _pk, _case, alarm_at, _due in waiting if alarm_at is not None and moment - alarm_at > UNATTENDED
    ]
    if late:
        _say_unattended(late, moment)
    for some in _chunks([pk for pk, _case, _alarm_at, due_at in waiting if due_at < moment]):
        swept.lapsed += _note_lapsed(some, moment)
        _note_breached(some, moment)
    to_tell = Clock.objects.filter(to_announce=True).order_by("due_at", "id").values_list("pk", "complaint_id")
    for pk, complaint_id in list(to_tell[:limit]):
        swept.take("breached", pk, complaint_id, partial(_tell_breach, pk, complaint_id), until)
    for pk, complaint_id, _alarm_at, due_at in waiting:
        if due_at >= moment:
            swept.take("warned", pk, complaint_id, partial(_warn, pk, complaint_id, moment), until)
    return swept


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[first : first + CHUNK] for first in range(0, len(ids), CHUNK))


def _over(ids: Sequence[int], now: datetime, missed: Missed) -> QuerySet[Clock]:
    """Of these clocks those that ran out; one that somebody is changing just now waits for the next sweep."""
    over = Clock.objects.filter(pk__in=ids, stopped_at=None, alarm_at__lt=now, due_at__lt=now, missed=missed.value)
    return over.select_for_update(skip_locked=True).order_by("id")


def _note_lapsed(ids: Sequence[int], now: datetime) -> int:
    """Possibilities that are over; nobody has to be told."""
    with transaction.atomic():
        over = list(_over(ids, now, Missed.LAPSE).values_list("pk", flat=True))
        return Clock.objects.filter(pk__in=over).update(stopped_at=F("due_at"), stopped_by=LAPSED, alarm_at=None)


def _note_breached(ids: Sequence[int], now: datetime) -> int:
    """Note for all that ran out that they did, and that it has to be told; how many."""
    with transaction.atomic():
        over = list(_over(ids, now, Missed.BREACH).values_list("pk", flat=True))
        return Clock.objects.filter(pk__in=over).update(breached_at=now, alarm_at=None, to_announce=True)


def _say_unattended(late: list[datetime], now: datetime) -> None:
    """Nobody looked at the clocks for a while: they are taken up in their order, and the administrators hear of it."""
    log.warning("clocks_unattended", clocks=len(late), first=late[0].isoformat(), last=late[-1].isoformat())
    ids = Membership.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).values_list("user_id", flat=True)
    with transaction.atomic():
        tell(
            users=ids,
            kind="clocks_unattended",
            title=lambda: (
                _(
                    "No worker looked at the deadlines from %(first)s to %(now)s: %(number)s are taken up now, the oldest first."
                )
                % {
                    "first": date_format(localtime(late[0]), "j M H:i"),
                    "now": date_format(localtime(now), "j M H:i"),
                    "number": len(late),
                }
            ),
            url="/queue/all/",
            complaint_id=None,
            key=f"clocks_unattended:{now:%Y-%m-%dT%H}",
        )


def _held(complaint_id: int) -> Complaint | None:
    """The complaint, locked as everywhere before its clocks; None while somebody else holds it."""
    free = Complaint.objects.select_for_update(skip_locked=True, no_key=True)
    if not free.filter(pk=complaint_id).values_list("pk").first():
        return None
    return access_complaint(SYSTEM, complaint_id, lock=True)


def _warn(pk: int, complaint_id: int, now: datetime) -> bool:
    """Give one warning, in a transaction of its own; whether this call did."""
    with transaction.atomic():
        complaint = _held(complaint_id)
        one = Clock.objects.filter(pk=pk, stopped_at=None, alarm_at__lt=now, due_at__gte=now).first()
        if complaint is None or one is None:
            return False
        after = next_alarm(due_at=one.due_at, warnings=one.warnings, now=now)
        unchanged = Clock.objects.filter(pk=pk, stopped_at=None, alarm_at=one.alarm_at)
        if unchanged.update(warned_at=now, alarm_at=after) != 1:
            return False
        record(actor=SYSTEM, chain=f"complaint:{complaint_id}", kind="clock_warned", data=noticed(one))
        publish(ClockWarned(clock_id=pk, complaint_id=complaint_id, kind=one.kind))
        announce_change(complaint)
        return True


def _tell_breach(pk: int, complaint_id: int) -> bool:
    """Write one breach into the record and let others react, in a transaction of its own; whether this call did."""
    with transaction.atomic():
        complaint = _held(complaint_id)
        if complaint is None or not Clock.objects.filter(pk=pk, to_announce=True).update(to_announce=False):
            return False
        one = Clock.objects.get(pk=pk)
        if one.breached_at is None:
            return False  # it was put right meanwhile: another date holds, or it had been done in time
        record(actor=SYSTEM, chain=f"complaint:{complaint_id}", kind="clock_breached", data=noticed(one))
        over = one.stopped_at is not None
        publish(ClockBreached(clock_id=pk, complaint_id=complaint_id, kind=one.kind, over=over))
        announce_change(complaint)
        return True
