"""Deliveries: what goes to somebody by mail, by a messenger or to a program. One at a time, safe to run again."""

from __future__ import annotations

import hashlib
import hmac
import json
import warnings
from datetime import datetime, timedelta
from email.utils import formataddr
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from amends.accounts.public import root_unit
from amends.core import clock
from amends.core.outgoing import OutgoingError, request
from amends.notifications.alerts import link_token
from amends.notifications.limits import guarded_reference, permitted
from amends.notifications.models import Delivery, DeliveryState, Notification, Way
from amends.notifications.outside import OutsideFileError, outside

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
PAUSES = (10, 30, 60, 300, 900)
"""Seconds before each further attempt; then the delivery has failed, and the alert climbs on its own."""
LOST_AFTER = timedelta(minutes=2)
PER_HOUR = 60
"""Mails to one person within an hour; what is more waits in the page."""


class NotSentError(Exception):
    """It did not leave; the text says why, without addresses or secrets. `for_good`: trying again is of no use."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


def deliver(*, delivery_id: int) -> datetime | None:
    """Send one delivery; when it has to be tried again, the moment. Whoever comes second does nothing."""
    now = clock.now()
    mine = Delivery.objects.filter(pk=delivery_id, state=DeliveryState.QUEUED, not_before__lte=now)
    if not mine.update(state=DeliveryState.SENDING, changed_at=now):
        return None
    one = Delivery.objects.select_related("notification__user", "notification__alert").get(pk=delivery_id)
    if _needless(one):
        _end(one, DeliveryState.DROPPED, "seen or answered already")
        return None
    if reason := _kept_inside(one):
        _end(one, DeliveryState.DROPPED, reason)
        return None
    try:
        {Way.EMAIL: _by_mail, Way.SERVICE: _by_service, Way.WEBHOOK: _by_webhook}[Way(one.way)](one)
    except NotSentError as error:
        return _again(one, str(error), for_good=error.for_good)
    _end(one, DeliveryState.SENT, "")
    return None


def _needless(one: Delivery) -> bool:
    """Whether its person has seen it in the page meanwhile, or somebody has the alert. Programs hear of everything."""
    if one.way == Way.WEBHOOK:
        return False
    alert = one.notification.alert
    return one.notification.read_at is not None or (alert is not None and alert.answered_at is not None)


def _kept_inside(one: Delivery) -> str:
    """Why this must not leave; empty when it may. Looked at when it is sent: a case may have been closed to people meanwhile.

    A messenger's channel or a program may be read by anybody, also by whom a case is about; for them a guarded case does not
    exist. Its people hear of it in the page and by mail of their own.
    """
    note = one.notification
    if one.way != Way.EMAIL:
        return "a guarded case stays inside" if guarded_reference(note.complaint_id) else ""
    if note.complaint_id is not None and not permitted(note.complaint_id, [note.user_id]):
        return "the case is closed to this person"
    return ""


def _title(note: Notification) -> str:
    """What a mail says: of a guarded case nothing but its reference, because mail is read on the way and on other people's
    screens."""
    reference = guarded_reference(note.complaint_id)
    return note.title if reference is None else _("%(reference)s: a guarded case") % {"reference": reference}


def _end(one: Delivery, state: DeliveryState, reason: str) -> None:
    Delivery.objects.filter(pk=one.pk, state=DeliveryState.SENDING).update(
        state=state, reason=reason[:200], changed_at=clock.now()
    )


def _again(one: Delivery, reason: str, *, for_good: bool) -> datetime | None:
    attempts = one.attempts + 1
    if for_good or attempts > len(PAUSES):
        log.warning("alert_not_delivered", delivery=one.pk, way=one.way, reason=reason)
        _end(one, DeliveryState.FAILED, reason)
        return None
    later = clock.now() + timedelta(seconds=PAUSES[attempts - 1])
    Delivery.objects.filter(pk=one.pk, state=DeliveryState.SENDING).update(
        state=DeliveryState.QUEUED, reason=reason[:200], attempts=attempts, not_before=later, changed_at=clock.now()
    )
    return later


def left_behind(now: datetime | None = None) -> list[int]:
    """Deliveries whose job was lost, or whose sender died half-way: they are sent again."""
    moment = now or clock.now()
    lost = Q(state=DeliveryState.SENDING, changed_at__lt=moment - LOST_AFTER)
    Delivery.objects.filter(lost).update(state=DeliveryState.QUEUED, changed_at=moment)
    waiting = Delivery.objects.filter(state=DeliveryState.QUEUED, not_before__lt=moment - timedelta(seconds=20))
    return list(waiting.order_by("not_before", "id").values_list("pk", flat=True)[:500])


def _by_mail(one: Delivery) -> None:
    if not settings.EMAIL_HOST:
        raise NotSentError("no mail relay is set", for_good=True)
    hour = clock.now() - timedelta(hours=1)
    sent = Delivery.objects.filter(
        notification__user_id=one.notification.user_id, way=Way.EMAIL, state=DeliveryState.SENT, changed_at__gt=hour
    )
    if sent.count() >= PER_HOUR:
        raise NotSentError("too many mails to this person within an hour", for_good=True)
    note, user = one.notification, one.notification.user
    with translation.override(user.language):
        title = _title(note)
        lines = [title, "", f"{settings.AMENDS_PUBLIC_URL}{note.url}"]
        if note.alert is not None:
            link = f"{settings.AMENDS_PUBLIC_URL}/alerts/answer/{link_token(note)}/"
            lines += ["", _("Say that you have it, so that nobody else has to be called:"), link]
        if note.stands_in_for_id is not None:
            lines += ["", _("You hear of it because a colleague is away and you stand in.")]
    mail = EmailMessage(
        subject=title,
        body="\n".join(lines),
        from_email=formataddr((root_unit().name, settings.AMENDS_MAILBOX)),
        to=[user.email],
        headers={
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<alert.{one.pk}@{settings.AMENDS_MAIL_DOMAIN}>",
            "X-Auto-Response-Suppress": "All",
        },
    )
    try:
        with get_connection(timeout=20) as connection:
            connection.send_messages([mail])
    except (SMTPException, OSError) as error:
        raise NotSentError(f"the relay did not take it ({type(error).__name__})") from error


def _by_service(one: Delivery) -> None:
    try:
        address = outside().services.get(one.target)
    except OutsideFileError as error:
        raise NotSentError(str(error)) from error
    if address is None:
        raise NotSentError("the service is no longer in the file", for_good=True)
    with warnings.catch_warnings():
        # Its plugins still import a module that Python is going to drop; that is not for our users to hear.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        sender = apprise.Apprise()
        understood = sender.add(address)
    if not understood:
        raise NotSentError("the service's address is not understood", for_good=True)
    body = f"{settings.AMENDS_PUBLIC_URL}{one.notification.url}"
    if not sender.notify(body=body, title=one.notification.title):
        raise NotSentError("the service did not take it")


def _by_webhook(one: Delivery) -> None:
    try:
        hook = outside().webhooks.get(one.target)
    except OutsideFileError as error:
        raise NotSentError(str(error)) from error
    if hook is None:
        raise NotSentError("the webhook is no longer in the file", for_good=True)
    body = json.dumps(webhook_body(one.notification)).encode()
    stamp = str(int(clock.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "Amends-Delivery": str(one.pk),
        "Amends-Signature": f"t={stamp},v1={webhook_signature(hook.secret, stamp, body)}",
    }
    try:
        answer = request("POST", hook.url, headers=headers, content=body, timeout=10)
    except OutgoingError as error:
        raise NotSentError(str(error)) from error
    if not 200 <= answer.status < 300:
        raise NotSentError(f"it answered {answer.status}", for_good=answer.status in (400, 401, 403, 404, 410))


def webhook_signature(secret: str, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time in seconds, a dot and the body, in hexadecimal."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def webhook_body(note: Notification) -> dict[str, object]:
    """What a program hears: ids and our own words, no personal data."""
    alert = note.alert
    return {
        "event": "alert_raised",
        "alert": alert.pk if alert else None,
        "kind": note.kind,
        "title": note.title,
        "url": f"{settings.AMENDS_PUBLIC_URL}{note.url}",
        "raised_at": note.created_at.isoformat(),
    }
