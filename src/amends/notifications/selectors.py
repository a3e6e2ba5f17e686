"""Questions about who is told how."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import Prefetch

from amends.accounts.public import Actor
from amends.core import clock
from amends.core.errors import NotFound
from amends.notifications.limits import permitted
from amends.notifications.models import Alert, Delivery, Notification, StandIn, Wishes
from amends.notifications.rules import Wish


def wishes_of(users: Iterable[int]) -> dict[int, Wish]:
    """How these people want to be told (1 query)."""
    ids = list(users)
    found = {row.user_id: _wish(row) for row in Wishes.objects.filter(user_id__in=ids)}
    return {user: found.get(user, Wish(timezone=settings.AMENDS_TIME_ZONE)) for user in ids}


def _wish(row: Wishes) -> Wish:
    return Wish(
        by_email=row.by_email,
        services=tuple(row.services),
        quiet=(row.quiet_from, row.quiet_until) if row.quiet_from and row.quiet_until else None,
        timezone=row.timezone or settings.AMENDS_TIME_ZONE,
    )


def stand_ins_now(users: Iterable[int]) -> dict[int, int]:
    """Who stands in at this moment for whoever of them is away, also for those who stand in (1 query or 2)."""
    now = clock.now()
    away = StandIn.objects.filter(first__lte=now, last__gt=now, stand_in__is_active=True).order_by("id")
    found: dict[int, int] = {}
    asked = set(users)
    while asked:
        rows = dict(away.filter(user_id__in=asked).values_list("user_id", "stand_in_id"))
        asked = set(rows.values()) - found.keys() - rows.keys()
        found |= rows
    return found


def told_since(*, users: Iterable[int], key: str, moment: datetime) -> bool:
    """Whether one of these people was told, after `moment`, something whose key begins with `key` (1 query)."""
    told = Notification.objects.filter(user_id__in=set(users), key__startswith=key, created_at__gt=moment)
    return told.exists()


def history_of(complaint_id: int) -> list[Alert]:
    """The alerts of a case with who was told when and how, oldest first (3 queries)."""
    return list(
        Alert.objects.filter(complaint_id=complaint_id)
        .select_related("answered_by")
        .prefetch_related(
            Prefetch("notifications", Notification.objects.select_related("user").order_by("id")),
            Prefetch("notifications__deliveries", Delivery.objects.order_by("id")),
        )
        .order_by("id")
    )


def alert_for(actor: Actor, alert_id: int) -> Alert:
    """An alert that the actor was told of.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    mine = Notification.objects.filter(alert_id=alert_id, user_id=actor.user_id or 0)
    alert = Alert.objects.filter(pk=alert_id, notifications__in=mine).first() if actor.user_id else None
    if alert is None or (alert.complaint_id is not None and not permitted(alert.complaint_id, [actor.user_id or 0])):
        raise NotFound
    return alert
