"""Send budgets, counted in the database: every mail that is let out is a row, whoever sends it and whatever it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM
from amends.audit.public import record
from amends.cases import budget
from amends.cases.alerts import alert
from amends.cases.models import BudgetEntry, Message
from amends.core import clock
from amends.core.text import normalise_email

COUNTED = 2000
"""Rows looked at for one decision: more than any sensible limit."""


@lru_cache(maxsize=8)
def _limits(text: str) -> tuple[budget.Limit, ...]:
    return budget.parse_budget(text)


def limits_for(*, automatic: bool) -> tuple[budget.Limit, ...]:
    """The limits of this installation for one sort of mail.

    Raises:
        BudgetError: the setting cannot be read.
    """
    return _limits(settings.AMENDS_MAIL_BUDGET if automatic else settings.AMENDS_MAIL_BUDGET_PERSONS)


def take_from_budget(
    *, recipient: str, complaint_id: int | None, automatic: bool, now: datetime | None = None
) -> budget.Held | None:
    """Let one mail of any kind out now, and count it; or say why and until when it must wait. Nothing is counted then.

    For mail that is no message of a case (notifications, invitations). Correct with any number of workers: the decision
    is made under a lock of the address and of the case that lasts until the caller's transaction ends.
    """
    now = now or clock.now()
    address = normalise_email(recipient)[:320]
    with transaction.atomic():
        held = _decided(address, complaint_id, automatic=automatic, now=now)
        if held is None:
            BudgetEntry.objects.create(recipient=address, complaint_id=complaint_id, automatic=automatic, at=now)
    return held


def may_leave(message: Message, now: datetime) -> bool:
    """Count a message of a case, once however often it is tried; False when it is now held back, with reason and alarm.

    Runs in the transaction that claims the message.
    """
    address = normalise_email(message.to_address)[:320]
    held = None
    if not message.waived and not BudgetEntry.objects.filter(message=message).exists():
        held = _decided(address, message.complaint_id, automatic=message.automatic, now=now)
    if held is not None:
        _hold(message, held, now)
        return False
    entry = BudgetEntry(
        recipient=address, complaint_id=message.complaint_id, message=message, automatic=message.automatic, at=now
    )
    BudgetEntry.objects.bulk_create([entry], ignore_conflicts=True)
    return True


def _decided(address: str, complaint_id: int | None, *, automatic: bool, now: datetime) -> budget.Held | None:
    limits = limits_for(automatic=automatic)
    if not limits:
        return None
    _lock(address, complaint_id)
    return budget.decide(limits, _sent(address, complaint_id, limits, now), automatic=automatic, now=now)


def _lock(address: str, complaint_id: int | None) -> None:
    """One decision at a time for an address and for a case: all take the address first."""
    keys = [f"budget:recipient:{address}", *([f"budget:case:{complaint_id}"] if complaint_id else [])]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(one.key, 7304))"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS one (key, place) ORDER BY one.place",
            [keys],
        )


def _sent(address: str, complaint_id: int | None, limits: Sequence[budget.Limit], now: datetime) -> list[budget.Sent]:
    since = now - max(limit.window for limit in limits)
    counts = Q(recipient=address) | Q(complaint_id=complaint_id or 0)
    rows = BudgetEntry.objects.filter(counts, at__gt=since).order_by("-at")
    return [
        budget.Sent(at, by_program, recipient == address, complaint_id is not None and case == complaint_id)
        for at, by_program, recipient, case in rows.values_list("at", "automatic", "recipient", "complaint_id")[
            :COUNTED
        ]
    ]


def _hold(message: Message, held: budget.Held, now: datetime) -> None:
    first = message.held_at is None
    message.held_at = message.held_at or now
    message.not_before = max(held.until, now + timedelta(seconds=1))
    message.state_reason = budget.sentence(held.limit)
    message.save(update_fields=["held_at", "not_before", "state_reason"])
    if not first:
        return
    record(
        actor=SYSTEM,
        chain=f"complaint:{message.complaint_id}",
        kind="message_held",
        data={"message": message.pk, "per": held.limit.per, "count": held.limit.count},
    )
    alert(
        message.complaint,
        kind="message_held",
        what=lambda: _("a message waits, because too many have been sent; let it go or call it back"),
        key=f"held:{message.pk}",
    )


def forget_old_entries(now: datetime | None = None) -> int:
    """Remove what no limit can count any more; how many rows."""
    before = (now or clock.now()) - budget.LONGEST - timedelta(days=1)
    removed, _by_model = BudgetEntry.objects.filter(at__lt=before).delete()
    return removed
