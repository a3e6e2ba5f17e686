"""Sending: one message, one copy, whatever crashes; and on which side it errs when that cannot be known.

A message is `queued`; the sender takes it by comparison (`sending` is committed before anything leaves), talks to the
relay, and marks it `sent` after the relay's 250. While it talks it holds a lock of the database session, which the
database frees when the process dies. Who finds a message in `sending` whose lock is free knows that its sender died
half-way: it goes back into the queue and is sent with the SAME Message-ID.

One window stays, as for every sender of mail: a process killed between the relay's 250 and our mark. There we send
again, because a customer with two copies of one message (which mail programs show as one, by its Message-ID) is better
served than one without an answer.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.mail import DNS_NAME
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Q

from amends.accounts.public import unit_settings
from amends.cases.public import (
    Message,
    MessageState,
    claim_for_sending,
    mark_failed,
    mark_sent,
    reply_address,
    return_to_queue,
)
from amends.core import clock
from amends.intake.channels.email.composing import (
    OutgoingFile,
    OutgoingMail,
    UnusableAddressError,
    compose,
    wire_address,
)
from amends.intake.channels.email.folder import write_to_folder
from amends.intake.channels.email.model import Address

PAUSES = (1, 2, 5, 10, 20, 30, 60, 120, 240, 240, 240, 240, 240)
"""Minutes before each further attempt: about 24 hours in all, then the message has failed."""
OVERDUE = timedelta(seconds=30)
NO_ANSWER = "automatic_answer"
"""The attribute of a complaint whose mail asked for no automatic answers ("no")."""
NO_ANSWER_REASON = "The customer's mail asks for no automatic answers: write a personal one."


class RefusedForGoodError(Exception):
    """The relay will never take this message; the text says what it answered, without addresses."""


class TryLaterError(Exception):
    """The relay cannot take it now; the text says why, without addresses."""


def deliver(*, message_id: int) -> datetime | None:
    """Send a message if it is due and nobody else has it; returns when to try again, None when nothing is left."""
    with _alone(message_id) as alone:
        if not alone:
            return None
        message = claim_for_sending(message_id=message_id)
        if message is None and _rescue(message_id):
            message = claim_for_sending(message_id=message_id)
        if message is None:
            return _due_later(message_id)
        if (
            message.kind == "acknowledgement"
            and not message.waived
            and message.complaint.attributes.get(NO_ANSWER) == "no"
        ):
            mark_failed(message_id=message_id, reason=NO_ANSWER_REASON)
            return None
        try:
            hand_over(composed(message), envelope_sender(message), wire_address(message.to_address))
        except (UnusableAddressError, RefusedForGoodError) as refused:
            mark_failed(message_id=message_id, reason=str(refused))
            return None
        except TryLaterError as later:
            return _again(message, str(later))
        _mark(message_id)
    return None


def _mark(message_id: int) -> None:
    """Mark it sent; a database that is away for some seconds must not cost the customer a second copy."""
    for pause in (0.2, 0.5, 1.0, 2.0, 4.0):
        try:
            mark_sent(message_id=message_id)
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(pause)
        else:
            return
    mark_sent(message_id=message_id)


@contextmanager
def _alone(message_id: int) -> Iterator[bool]:
    """Hold the right to send this message; False when another process has it. Freed by the database when we die."""
    key = f"deliver:{message_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 7302))", [key])
        (alone,) = cursor.fetchone() or (False,)
    try:
        yield bool(alone)
    finally:
        # After a lost connection there is nothing to free: the database has done it.
        if alone and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 7302))", [key])


def _rescue(message_id: int) -> bool:
    """We have the lock: whoever left the message in `sending` is dead. Whether it was there."""
    return return_to_queue(
        message_id=message_id, reason="The last attempt was interrupted; it is sent again.", not_before=clock.now()
    )


def _due_later(message_id: int) -> datetime | None:
    """When a queued message that is not due yet may leave."""
    waiting = Message.objects.filter(pk=message_id, state=MessageState.QUEUED)
    return waiting.values_list("not_before", flat=True).first()


def _again(message: Message, reason: str) -> datetime | None:
    if message.attempts >= len(PAUSES):
        mark_failed(message_id=message.pk, reason=f"Given up after a day of attempts. {reason}")
        return None
    at = clock.now() + timedelta(minutes=PAUSES[message.attempts])
    return_to_queue(message_id=message.pk, reason=reason, not_before=at)
    return at


def composed(message: Message) -> EmailMessage:
    """The message as a mail: from the unit, answered to the case's own address, in the customer's thread."""
    complaint = message.complaint
    unit = unit_settings(complaint.unit_id)
    sender = f"{message.from_name} ({unit.sender_name})" if message.from_name else unit.sender_name
    answered = list(
        Message.objects.filter(complaint=complaint, direction="in", channel="email", at__lte=message.at)
        .exclude(message_id="")
        .order_by("-at", "-id")
        .values_list("message_id", flat=True)[:10]
    )
    earlier = [f"<{one}>" for one in reversed(answered)]
    files = [
        OutgoingFile(one.name, one.content_type, bytes(one.blob.data))
        for one in message.attachments.select_related("blob").order_by("id")
    ]
    return compose(
        OutgoingMail(
            sender=Address(sender, unit.sender_email or settings.AMENDS_MAILBOX),
            recipient=Address("", message.to_address),
            reply_to=Address(unit.sender_name, reply_address(complaint.public_id, settings.AMENDS_MAILBOX)),
            subject=message.subject,
            text=message.text,
            html=message.html,
            message_id=f"<{message.message_id}>",
            date=message.at,
            in_reply_to=earlier[-1] if earlier else None,
            references=earlier,
            automatic=message.automatic,
            files=files,
        )
    )


def envelope_sender(message: Message) -> str:
    """Reports come back to the case's own address, so that they find it even without our Message-ID."""
    return reply_address(message.complaint.public_id, settings.AMENDS_MAILBOX)


def hand_over(mail: EmailMessage, sender: str, recipient: str) -> None:
    """Give a mail to the relay; returns after its 250.

    Raises:
        TryLaterError: no relay, no connection, or a temporary refusal.
        RefusedForGoodError: a permanent refusal.
    """
    if not settings.EMAIL_HOST and settings.AMENDS_MAIL_FOLDER:
        try:
            write_to_folder(mail, Path(settings.AMENDS_MAIL_FOLDER))
        except OSError as trouble:
            raise TryLaterError(f"The mail folder cannot be written ({type(trouble).__name__}).") from None
        return
    if not settings.EMAIL_HOST:
        raise TryLaterError("No relay is set: give AMENDS_RELAY_HOST the name of your mail server.")
    relay: smtplib.SMTP | None = None
    try:
        relay = smtplib.SMTP(
            settings.EMAIL_HOST, settings.EMAIL_PORT, local_hostname=_own_name(), timeout=settings.EMAIL_TIMEOUT
        )
        if settings.EMAIL_USE_TLS:
            relay.starttls(context=_trust())
        if settings.EMAIL_HOST_USER:
            relay.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        _talk(relay, mail, sender, recipient)
    except smtplib.SMTPResponseException as answer:
        raise _refusal(answer.smtp_code) from None
    except (smtplib.SMTPException, OSError) as trouble:
        raise TryLaterError(f"The relay could not be reached ({type(trouble).__name__}).") from None
    finally:
        if relay is not None:
            _part(relay)


@lru_cache(maxsize=1)
def _own_name() -> str:
    """How this machine introduces itself: looked up once, not with the name server for every mail."""
    return str(DNS_NAME.get_fqdn())


def _trust() -> ssl.SSLContext:
    """Whose word we take for who the relay is. To read all authorities of a machine costs more than the rest of the sending:
    they are read again when their files change."""
    paths = ssl.get_default_verify_paths()  # of SSL_CERT_FILE and SSL_CERT_DIR, where these are set
    places = tuple(one for one in (paths.cafile, paths.capath) if one)
    return _trust_in(tuple((one, Path(one).stat().st_mtime_ns) for one in places))


@lru_cache(maxsize=1)
def _trust_in(_authorities: tuple[tuple[str, int], ...]) -> ssl.SSLContext:
    return ssl.create_default_context()


def _part(relay: smtplib.SMTP) -> None:
    """Say goodbye. After the 250 the message is theirs, whatever happens here: no trouble may count as a failure."""
    try:
        relay.quit()
    except (smtplib.SMTPException, OSError):
        relay.close()


def _talk(relay: smtplib.SMTP, mail: EmailMessage, sender: str, recipient: str) -> None:
    """One message, one recipient, each answer looked at."""
    relay.ehlo_or_helo_if_needed()
    reports, recipient_reports = _wanted_reports(relay)
    for code, _answer in (relay.mail(sender, reports), relay.rcpt(recipient, recipient_reports)):
        if code not in {250, 251}:
            raise _refusal(code)
    code, _answer = relay.data(mail.as_bytes())
    if code != 250:
        raise _refusal(code)


def _wanted_reports(relay: smtplib.SMTP) -> tuple[list[str], list[str]]:
    """What we ask the relay to report (RFC 3461): the headers alone come back; deliveries only when the setting says so."""
    if not settings.AMENDS_DELIVERY_NOTICES or not relay.has_extn("dsn"):
        return [], []
    return ["RET=HDRS"], ["NOTIFY=SUCCESS,FAILURE,DELAY"]


def _refusal(code: int) -> Exception:
    if 500 <= code < 600:
        return RefusedForGoodError(f"The relay refused the message for good (answer {code}).")
    return TryLaterError(f"The relay cannot take the message now (answer {code}).")


def left_behind() -> list[int]:
    """Ids of messages that should have left by now: overdue ones, and those whose sender may have died."""
    before = clock.now() - OVERDUE
    overdue = Q(state=MessageState.QUEUED) & (Q(not_before__lt=before) | Q(not_before=None, at__lt=before))
    halfway = Q(state=MessageState.SENDING)
    waiting = Message.objects.filter(overdue | halfway, channel="email", direction="out")
    return list(waiting.order_by("not_before", "id").values_list("pk", flat=True)[:500])
