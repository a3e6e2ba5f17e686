"""Telling people, once each, by the page and by the ways they want."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.conf import settings
from django.utils import translation

from amends.accounts.public import Actor, User
from amends.core import clock
from amends.core.errors import NotFound
from amends.core.news import announce
from amends.notifications.limits import permitted
from amends.notifications.models import Alert, Delivery, DeliveryState, Notification, Way
from amends.notifications.rules import quiet_until, receivers, ways_for
from amends.notifications.selectors import stand_ins_now, wishes_of

PAGE = 50
URGENT = frozenset(
    {"serious_case", "clock_breached", "acknowledge_yourself", "not_delivered", "told_date_moved", "clocks_unattended"}
)
"""Kinds that people are told of beyond the page although nobody has to answer for them."""


def notify(
    *,
    users: Iterable[int],
    kind: str,
    title: str,
    url: str,
    complaint_id: int | None,
    key: str,
    alert: Alert | None = None,
) -> int:
    """Tell each of these people once (by `key`); how many are told now. Runs in the caller's transaction.

    Somebody who is away is told, and so is the colleague who stands in. The page of each hears of it at the commit, by
    one announcement for all of them; other ways are deliveries, which jobs take up.
    """
    asked = set(users)
    told_for = receivers(sorted(asked), stand_ins_now(asked))
    for_whom: dict[int, int | None] = {**dict.fromkeys(asked), **{one: whom for one, whom in told_for.items() if whom}}
    wanted = sorted(for_whom if complaint_id is None else permitted(complaint_id, for_whom))
    told = set(Notification.objects.filter(user_id__in=wanted, key=key).values_list("user_id", flat=True))
    missing = [user_id for user_id in wanted if user_id not in told]
    if not missing:
        return 0
    now = clock.now()
    Notification.objects.bulk_create(
        [
            Notification(
                user_id=user_id,
                kind=kind,
                title=title[:300],
                url=url,
                complaint_id=complaint_id,
                key=key,
                alert=alert,
                stands_in_for_id=for_whom[user_id],
                created_at=now,
            )
            for user_id in missing
        ],
        ignore_conflicts=True,
    )
    announce("notification", users=missing[:500])
    _send_further(key, [one for one in missing if one in told_for], urgent=alert is not None or kind in URGENT)
    return len(missing)


def _send_further(key: str, users: list[int], *, urgent: bool) -> None:
    """Write the deliveries beside the page; in quiet hours they wait, and an alert climbs meanwhile."""
    from amends.notifications.jobs import send_later  # jobs are importable only once Django is up

    wishes = wishes_of(users)
    ways = {user: ways_for(wish, urgent=urgent) for user, wish in wishes.items()}
    if not settings.EMAIL_HOST:
        ways = {user: [one for one in listed if one[0] != Way.EMAIL] for user, listed in ways.items()}
    if not any(ways.values()):
        return
    now = clock.now()
    mine = {one.user_id: one for one in Notification.objects.filter(user_id__in=users, key=key)}
    rows = [
        Delivery(
            notification=mine[user],
            way=way,
            target=target,
            not_before=quiet_until(wishes[user], now) or now,
            changed_at=now,
        )
        for user, listed in ways.items()
        if user in mine
        for way, target in listed
    ]
    for row in Delivery.objects.bulk_create(rows):
        send_later(row.pk, row.not_before)


def tell(
    *, users: Iterable[int], kind: str, title: Callable[[], str], url: str, complaint_id: int | None, key: str
) -> int:
    """Like `notify`, but `title` is made in the language of each person's pages; how many are told now."""
    groups: dict[str, list[int]] = {}
    for user_id, language in User.objects.filter(pk__in=set(users)).values_list("pk", "language"):
        groups.setdefault(language, []).append(user_id)
    told = 0
    for language, ids in sorted(groups.items()):
        with translation.override(language):
            words = title()
        told += notify(users=ids, kind=kind, title=words, url=url, complaint_id=complaint_id, key=key)
    return told


def unread(user_id: int, *, after: int = 0, limit: int = PAGE) -> list[Notification]:
    """What this person has not seen, newest first; `after` leaves out ids up to it."""
    rows = Notification.objects.filter(user_id=user_id, read_at=None, id__gt=after).select_related("alert__answered_by")
    return list(rows.order_by("-id")[:limit])


def mark_read(*, actor: Actor, notification_id: int) -> bool:
    """Note that its receiver has seen it; True when this call did.

    Raises:
        NotFound: it is not theirs.
    """
    mine = Notification.objects.filter(pk=notification_id, user_id=actor.user_id or 0)
    if actor.user_id is None or not mine.exists():
        raise NotFound
    return mine.filter(read_at=None).update(read_at=clock.now()) == 1


def mark_all_read(*, actor: Actor) -> int:
    """Note that this person has seen everything; how many there were."""
    return Notification.objects.filter(user_id=actor.user_id or 0, read_at=None).update(read_at=clock.now())


def withdraw(*, complaint_id: int, user_ids: Iterable[int], title: str) -> int:
    """These people may no longer see a case: what they were told of it says `title` instead; how many rows changed."""
    told = Notification.objects.filter(complaint_id=complaint_id, user_id__in=set(user_ids))
    Delivery.objects.filter(notification__in=told, state=DeliveryState.QUEUED).update(
        state=DeliveryState.DROPPED, reason="the case is closed to this person", changed_at=clock.now()
    )
    return told.update(title=title, url="/queue/", complaint_id=None, read_at=clock.now())
