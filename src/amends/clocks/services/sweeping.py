"""The sweep: what has come due is noticed, exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import structlog
from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Membership, Role
from amends.audit.public import record
from amends.cases.public import access_complaint, announce_change
from amends.clocks.events import ClockBreached, ClockWarned
from amends.clocks.models import Clock
from amends.clocks.rulewords import Missed
from amends.clocks.services.running import noticed
from amends.clocks.states import LAPSED, next_alarm
from amends.core import clock
from amends.core.events import publish
from amends.notifications.public import tell

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
UNATTENDED = timedelta(minutes=2)
"""A clock that was due that long ago was not looked at because nobody was there to look."""


@dataclass(slots=True)
class Swept:
    """What one sweep did; `seen` is how many clocks it looked at."""

    warned: int = 0
    breached: int = 0
    lapsed: int = 0
    failed: int = 0
    seen: int = field(default=0, compare=False)


def sweep(*, now: datetime | None = None, limit: int = 1000) -> Swept:
    """Notice every warning and every end that has come since the last sweep, each exactly once.

    Safe with any number of sweeps at the same time: each clock is decided in a transaction of its own by comparison,
    and whoever comes second does nothing. One clock that fails is logged and left for the next sweep; the others go on.
    """
    moment = now or clock.now()
    swept = Swept()
    waiting = list(
        Clock.objects.filter(alarm_at__lt=moment)
        .order_by("alarm_at", "id")
        .values_list("pk", "complaint_id", "alarm_at")[:limit]
    )
    swept.seen = len(waiting)
    late = [
        alarm_at for _pk, _complaint, alarm_at in waiting if alarm_at is not None and moment - alarm_at > UNATTENDED
    ]
    if late:
        _say_unattended(late, moment)
    for pk, complaint_id, _alarm_at in waiting:
        try:
            # Counted only once its transaction stands.
            done = _notice(pk, complaint_id, moment)
            if done is not None:
                setattr(swept, done, getattr(swept, done) + 1)
        except Exception:  # a reaction of another domain failed: say so, and do not hold up everybody else's clocks
            log.exception("clock_not_swept", clock=pk, complaint=complaint_id)
            swept.failed += 1
    return swept


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


def _notice(pk: int, complaint_id: int, now: datetime) -> Literal["warned", "breached", "lapsed"] | None:
    """Decide one clock in a transaction of its own; what it came to, or None when somebody else was faster."""
    with transaction.atomic():
        # The complaint first, as everywhere: two orders of locking would be a deadlock.
        complaint = access_complaint(SYSTEM, complaint_id, lock=True)
        one = Clock.objects.filter(pk=pk, stopped_at=None, alarm_at__lt=now).first()
        if one is None:
            return None
        if now > one.due_at and one.missed == Missed.LAPSE:
            return "lapsed" if _win(one, stopped_at=one.due_at, stopped_by=LAPSED, alarm_at=None) else None
        won = _warn(one, now) if now <= one.due_at else _breach(one, now)
        if not won:
            return None
        announce_change(complaint)
        return "warned" if now <= one.due_at else "breached"


def _win(one: Clock, **changes: object) -> bool:
    """Change the clock if it is still as it was read; whether this call did."""
    unchanged = Clock.objects.filter(pk=one.pk, stopped_at=None, alarm_at=one.alarm_at)
    return unchanged.update(**changes) == 1


def _warn(one: Clock, now: datetime) -> bool:
    if not _win(one, warned_at=now, alarm_at=next_alarm(due_at=one.due_at, warnings=one.warnings, now=now)):
        return False
    record(actor=SYSTEM, chain=f"complaint:{one.complaint_id}", kind="clock_warned", data=noticed(one))
    publish(ClockWarned(clock_id=one.pk, complaint_id=one.complaint_id, kind=one.kind))
    return True


def _breach(one: Clock, now: datetime) -> bool:
    if not _win(one, breached_at=now, alarm_at=None):
        return False
    record(actor=SYSTEM, chain=f"complaint:{one.complaint_id}", kind="clock_breached", data=noticed(one))
    publish(ClockBreached(clock_id=one.pk, complaint_id=one.complaint_id, kind=one.kind))
    return True
