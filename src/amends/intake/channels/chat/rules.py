"""When somebody counts as present, and what becomes of an answer nobody has seen (PURE: values and `now` in, decision out)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

HEARTBEAT = 15.0
"""Seconds between the signs of life of an open page."""
HERE_FOR = timedelta(seconds=45)
"""A page whose last sign of life is older has gone, even if it could not say so."""
GRACE = timedelta(seconds=20)
"""A page that is loaded again says that it closes: only after this time is the customer really gone."""
PATIENCE = timedelta(minutes=5)
"""A page that is open but has not shown an answer for so long is asleep: the answer takes the other way."""
ABANDONED = timedelta(minutes=15)
"""A chat whose customer has been gone for so long has ended."""
TYPING_EVERY = timedelta(seconds=2)
TYPING_FOR = timedelta(seconds=6)
LINE_LIMIT = 4000
LINES_PER_MINUTE, LINES_PER_HOUR = 20, 300
FILES_PER_HOUR = 30
TOKEN_LIFE = timedelta(days=2)
"""After this time without a sign of life the secret of the chat opens nothing any more; the customer's page does."""


def is_here(at: datetime | None, left_at: datetime | None, now: datetime) -> bool:
    """Whether a page is open: it said so lately, and has not said goodbye since."""
    if at is None or now - at > HERE_FOR:
        return False
    return left_at is None or left_at < at


def is_typing(at: datetime | None, now: datetime) -> bool:
    """Whether somebody pressed a key a moment ago."""
    return at is not None and timedelta(0) <= now - at <= TYPING_FOR


class HandOver(StrEnum):
    """What to do with an answer that the customer's page has not shown yet."""

    WAIT = "wait"
    MAIL = "mail"
    PAGE = "page"


def hand_over(
    *, written_at: datetime, customer_at: datetime | None, left_at: datetime | None, has_address: bool, now: datetime
) -> HandOver:
    """Wait while the customer may still see it in the chat; else send it by mail, or leave it on their page."""
    if is_here(customer_at, left_at, now) and now - written_at < PATIENCE:
        return HandOver.WAIT
    gone_since = max(moment for moment in (written_at, customer_at, left_at) if moment is not None)
    if now - gone_since < GRACE and now - written_at < PATIENCE:
        return HandOver.WAIT
    return HandOver.MAIL if has_address else HandOver.PAGE


def is_abandoned(*, opened_at: datetime, customer_at: datetime | None, last_line_at: datetime, now: datetime) -> bool:
    """Whether the customer has gone for good."""
    return now - max(opened_at, customer_at or opened_at, last_line_at) > ABANDONED
