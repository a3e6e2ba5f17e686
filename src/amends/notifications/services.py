"""Telling people, once each."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils import translation

from amends.accounts.public import Actor, User
from amends.core import clock
from amends.core.errors import NotFound
from amends.core.news import announce
from amends.notifications.models import Notification

PAGE = 50


def notify(*, users: Iterable[int], kind: str, title: str, url: str, complaint_id: int | None, key: str) -> int:
    """Tell each of these people once (by `key`); how many are told now. Runs in the caller's transaction.

    The page of each hears of it at the commit, by one announcement for all of them.
    """
    wanted = sorted(set(users))
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
                created_at=now,
            )
            for user_id in missing
        ],
        ignore_conflicts=True,
    )
    announce("notification", users=missing[:500])
    return len(missing)


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
    return list(Notification.objects.filter(user_id=user_id, read_at=None, id__gt=after).order_by("-id")[:limit])


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
