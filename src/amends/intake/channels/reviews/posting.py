"""Posting a public reply by the connector of its source: one reply, whatever crashes.

Before anything leaves, the message is `sending` and the attempt is noted; both are committed. Whoever finds an attempt
noted looks whether the reply stands there before posting again, unless the place takes the same reply twice as one.
So a worker may die between the place's answer and our mark, and still there is one reply.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction

from amends.cases.public import (
    Message,
    MessageState,
    claim_for_sending,
    mark_failed,
    mark_sent,
    return_to_queue,
)
from amends.core import clock
from amends.intake.channels.reviews.connectors.base import (
    ConnectorError,
    Gone,
    Item,
    Permanent,
    RateLimited,
    ReplyState,
)
from amends.intake.channels.reviews.connectors.found import connector_of
from amends.intake.channels.reviews.fetching import account_of, alone
from amends.intake.channels.reviews.models import Mention, PublicReply
from amends.intake.channels.reviews.rules import pause_after
from amends.intake.channels.reviews.services import mark_gone

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
ATTEMPTS = 12
NOT_OURS = "Answers to reviews are written on the review's own page."
OVERDUE = timedelta(seconds=60)


def deliver_reply(*, message_id: int) -> datetime | None:
    """Post a queued public reply if it is due; returns when to try again, None when nothing is left to do."""
    with alone(f"reply:{message_id}") as free:
        if not free:
            return None
        # We have the lock: whoever left the message in `sending` is dead.
        return_to_queue(message_id=message_id, reason="The last attempt was interrupted.", not_before=clock.now())
        message = claim_for_sending(message_id=message_id)
        if message is None:
            return (
                Message.objects.filter(pk=message_id, state=MessageState.QUEUED)
                .values_list("not_before", flat=True)
                .first()
            )
        reply = PublicReply.objects.select_related("mention__source").filter(message_id=message_id).first()
        if reply is None:
            mark_failed(message_id=message_id, reason=NOT_OURS)
            return None
        return _attempt(message, reply)


def _attempt(message: Message, reply: PublicReply) -> datetime | None:
    mention = reply.mention
    tried_before = reply.tried
    PublicReply.objects.filter(pk=reply.pk).update(tried=True)
    try:
        state = _posted(message, reply, look_first=tried_before)
    except Gone:
        mark_gone(mention_id=mention.pk)
        mark_failed(message_id=message.pk, reason="The review is not there any more.")
        return None
    except Permanent as error:
        mark_failed(message_id=message.pk, reason=str(error))
        return None
    except ConnectorError as error:
        return _again(message, error)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the job is tried again
    except Exception as error:  # an answer of a shape nobody documented: it may have been posted, so look before again
        log.exception("the answer to a public reply was not understood", message_id=message.pk)
        return _again(message, ConnectorError(f"The answer was not understood ({type(error).__name__})."))
    with transaction.atomic():
        PublicReply.objects.filter(pk=reply.pk).update(remote_id=state.remote_id[:200])
        now = clock.now()
        Mention.objects.filter(pk=mention.pk, answered_at=None).update(answered_at=now)
        Mention.objects.filter(pk=mention.pk).update(reply_there=message.text)
        mark_sent(message_id=message.pk, at=now)
    return None


def _posted(message: Message, reply: PublicReply, *, look_first: bool) -> ReplyState:
    """Post it, or find that it stands there."""
    mention = reply.mention
    connector = connector_of(mention.source.kind)
    account, item = account_of(mention.source), item_of(mention)
    if look_first and not connector.capabilities.repeatable:
        there = connector.find_reply(account, item, message.text)
        if there is not None:
            return there
    return connector.reply(account, item, message.text, key=f"amends-{message.message_id}")


def item_of(mention: Mention) -> Item:
    """A stored review as its connector knows it."""
    return Item(
        external_id=mention.external_id,
        text=mention.text,
        title=mention.title,
        author=mention.author,
        handle=mention.handle,
        rating=mention.rating,
        language=mention.language,
        url=mention.url,
        raw=mention.raw,
    )


def _again(message: Message, error: ConnectorError) -> datetime | None:
    """Put it back for a later attempt, or give up after about a day."""
    if message.attempts >= ATTEMPTS:
        mark_failed(message_id=message.pk, reason=f"Given up after {ATTEMPTS} attempts. {error}")
        return None
    wanted = error.retry_after if isinstance(error, RateLimited) else None
    pause = pause_after(kind="temporary", failures=message.attempts + 1, wanted=wanted, chance=random.random())  # noqa: S311  # jitter
    at = clock.now() + timedelta(seconds=pause)
    return_to_queue(message_id=message.pk, reason=str(error), not_before=at)
    return at


def left_behind() -> list[int]:
    """Ids of public replies that should have left by now, or whose sender may have died."""
    waiting = Message.objects.filter(
        channel="review", direction="out", state__in=[MessageState.QUEUED, MessageState.SENDING]
    )
    before = clock.now() - OVERDUE
    overdue = waiting.filter(at__lt=before).exclude(not_before__gt=before)
    return list(overdue.order_by("id").values_list("pk", flat=True)[:200])
