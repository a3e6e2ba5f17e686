"""Alerts: what somebody must take up. They climb until somebody says that they have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from amends.accounts.public import Actor, User
from amends.audit.public import hold, record
from amends.core import clock
from amends.core.errors import NotFound
from amends.core.ids import sign, signature_is_valid
from amends.core.news import announce
from amends.notifications.limits import permitted
from amends.notifications.models import Alert, Delivery, DeliveryState, Notification, Way
from amends.notifications.outside import OutsideFileError, outside
from amends.notifications.rules import next_step, quiet_until
from amends.notifications.selectors import alert_for, wishes_of
from amends.notifications.services import notify

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
MINUTES = 5
BATCH = 200


def raise_alert(
    *,
    levels: Sequence[Iterable[int]],
    kind: str,
    title: Callable[[], str],
    url: str,
    complaint_id: int | None,
    key: str,
    minutes: int = MINUTES,
) -> Alert | None:
    """Raise an alert once (by `key`) and tell the first level; None when it was raised before.

    Args:
        levels: ids of people, in the order in which they are told; somebody stands in one level only, the first.
        title: made in the language of each person's pages, now: nobody remembers later what it depended on.
        minutes: how long a level has before the next is told.
    """
    ordered = _once_each(levels)
    if not ordered:
        log.error("alert_without_receiver", kind=kind, complaint=complaint_id)
        return None
    titles = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            titles[language] = title()[:300]
    now = clock.now()
    _hold(complaint_id)
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                key=key,
                kind=kind,
                complaint_id=complaint_id,
                url=url,
                titles=titles,
                levels=ordered,
                minutes=minutes,
                raised_at=now,
                climbs_at=now + timedelta(minutes=minutes),
            )
    except IntegrityError as error:
        if "alert_key" not in str(error):
            raise
        return None
    if complaint_id is not None:
        data = {"alert": alert.pk, "kind": kind, "levels": ordered}
        record(actor=_system(), chain=f"complaint:{complaint_id}", kind="alert_raised", data=data)
    _tell_level(alert)
    _tell_programs(alert)
    return alert


def _tell_programs(alert: Alert) -> None:
    """Each webhook of the organisation hears of an alert once."""
    from amends.notifications.jobs import send_later  # jobs are importable only once Django is up

    first = alert.notifications.order_by("id").first()
    if first is None:
        return
    now = clock.now()
    rows = [
        Delivery(notification=first, way=Way.WEBHOOK, target=name, not_before=now, changed_at=now)
        for name in _webhooks()
    ]
    for row in Delivery.objects.bulk_create(rows):
        send_later(row.pk, row.not_before)


def _webhooks() -> list[str]:
    """A wrong file must not stop an alert: it is said in the log and by `amends doctor`."""
    try:
        return sorted(outside().webhooks)
    except OutsideFileError as error:
        log.error("alerts_file_unusable", reason=str(error))  # noqa: TRY400  # the sentence says it all
        return []


def _hold(complaint_id: int | None) -> None:
    """Verbs of a case write its record and settle its alerts; who begins with the alert must not meet them half-way."""
    if complaint_id is not None:
        hold(f"complaint:{complaint_id}")


def _system() -> Actor:
    from amends.accounts.public import SYSTEM

    return SYSTEM


def _once_each(levels: Sequence[Iterable[int]]) -> list[list[int]]:
    seen: set[int] = set()
    ordered = []
    for level in levels:
        fresh = sorted(set(level) - seen)
        seen.update(fresh)
        if fresh:
            ordered.append(fresh)
    return ordered


def _tell_level(alert: Alert) -> int:
    """Tell the people of the current level; a round of reminders has a key of its own."""
    users = alert.levels[alert.level]
    key = f"alert:{alert.pk}:{alert.level}:{alert.rounds}" if alert.rounds else f"alert:{alert.pk}:{alert.level}"
    told = 0
    for language, ids in _by_language(users).items():
        told += notify(
            users=ids,
            kind=alert.kind,
            title=alert.titles.get(language) or alert.titles["en"],
            url=alert.url,
            complaint_id=alert.complaint_id,
            key=key,
            alert=alert,
        )
    if not told and alert.climbs_at is not None:
        # Everybody of this level has left: nobody would hear it. The next one is told at once.
        Alert.objects.filter(pk=alert.pk, climbs_at=alert.climbs_at).update(climbs_at=clock.now())
    elif alert.climbs_at is not None and alert.level < len(alert.levels) - 1 and _all_quiet(users):
        Alert.objects.filter(pk=alert.pk, climbs_at=alert.climbs_at).update(climbs_at=clock.now())
    return told


def _by_language(users: Iterable[int]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for user_id, language in User.objects.filter(pk__in=list(users), is_active=True).values_list("pk", "language"):
        groups.setdefault(language, []).append(user_id)
    return groups


def _all_quiet(users: Iterable[int]) -> bool:
    """Whether everybody of a level has quiet hours now: then it does not wait for them."""
    now = clock.now()
    return all(quiet_until(wish, now) is not None for wish in wishes_of(users).values())


def climb(*, now: datetime | None = None) -> int:
    """Tell the next in line of every alert whose time is over; how many climbed. Safe with any number at once."""
    moment = now or clock.now()
    due = Alert.objects.filter(climbs_at__lte=moment).order_by("climbs_at", "id")
    climbed = 0
    for alert in due[:BATCH]:
        with transaction.atomic():
            _hold(alert.complaint_id)
            step = next_step(
                levels=alert.levels, level=alert.level, rounds=alert.rounds, minutes=alert.minutes, now=moment
            )
            unchanged = Alert.objects.filter(pk=alert.pk, climbs_at=alert.climbs_at, answered_at=None)
            if not unchanged.update(level=step.level, rounds=step.round, climbs_at=step.again_at):
                continue
            alert.refresh_from_db()
            if alert.climbs_at is None:
                log.error("alert_rests_unanswered", alert=alert.pk, kind=alert.kind, complaint=alert.complaint_id)
            if alert.complaint_id is not None:
                data = {"alert": alert.pk, "level": alert.level, "round": alert.rounds}
                record(actor=_system(), chain=f"complaint:{alert.complaint_id}", kind="alert_climbed", data=data)
            _tell_level(alert)
            climbed += 1
    return climbed


def answer(*, actor: Actor, alert_id: int, how: str = "button") -> bool:
    """Say that one has it: nobody further is told, and those who were hear who has it. True when this call did.

    Raises:
        NotFound: the actor was not told of it.
    """
    alert = alert_for(actor, alert_id)
    return _answer(alert, actor, how)


def _answer(alert: Alert, actor: Actor, how: str) -> bool:
    now = clock.now()
    with transaction.atomic():
        _hold(alert.complaint_id)
        won = Alert.objects.filter(pk=alert.pk, answered_at=None).update(
            answered_at=now, answered_by_id=actor.user_id, answered_how=how, climbs_at=None
        )
        if not won:
            return False
        told = Notification.objects.filter(alert=alert)
        told.filter(user_id=actor.user_id or 0).update(read_at=now)
        Delivery.objects.filter(notification__alert=alert, state=DeliveryState.QUEUED).update(
            state=DeliveryState.DROPPED, reason="somebody has it", changed_at=now
        )
        if alert.complaint_id is not None:
            record(
                actor=actor,
                chain=f"complaint:{alert.complaint_id}",
                kind="alert_answered",
                data={"alert": alert.pk, "how": how, "level": alert.level},
            )
        announce("notification", users=list(told.values_list("user_id", flat=True).distinct()[:500]))
    return True


def settle(*, complaint_id: int, kinds: frozenset[str] | None = None, key: str = "", by: Actor) -> int:
    """What an alert asked for has happened without a press: somebody took the case, or wrote. How many rested by it.

    `kinds` limits it to some kinds of alert, `key` to one of them.
    """
    waiting = Alert.objects.filter(complaint_id=complaint_id, answered_at=None)
    if key:
        waiting = waiting.filter(key=key)
    if kinds is not None:
        waiting = waiting.filter(kind__in=kinds)
    return sum(_answer(alert, by, "by itself") for alert in waiting.order_by("id"))


def link_token(notification: Notification) -> str:
    """What stands in the link of an e-mail: who was told of what, signed."""
    return f"{notification.pk}.{sign('alert-link', str(notification.pk))}"


def notification_of(token: str) -> Notification:
    """The notification of a link.

    Raises:
        NotFound: the link is not ours.
    """
    number, _dot, signature = token.partition(".")
    if not (
        number.isascii()
        and number.isdigit()
        and len(number) < 19
        and signature_is_valid("alert-link", number, signature)
    ):
        raise NotFound
    found = Notification.objects.select_related("user", "alert__answered_by").filter(pk=int(number)).first()
    if found is None or found.alert is None or not found.user.is_active:
        raise NotFound
    if found.alert.complaint_id is not None and not permitted(found.alert.complaint_id, [found.user_id]):
        raise NotFound
    return found


def answer_by_link(*, token: str) -> bool:
    """Whoever holds the link was told, and says that they have it; True when this call did.

    Raises:
        NotFound: the link is not ours.
    """
    from amends.accounts.public import actor_for_user

    notification = notification_of(token)
    assert notification.alert is not None
    return _answer(notification.alert, actor_for_user(notification.user), "link")
