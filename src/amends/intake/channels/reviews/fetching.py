"""Reading sources: one worker for each at a time; a page and the place to go on from are stored together or not at all.

Whatever dies, and whenever: the page was stored with its cursor, or it is asked for again, and items that are known
already change nothing. A failure keeps the cursor, is shown, and is tried again later and later.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from amends.accounts.public import SYSTEM
from amends.core import clock
from amends.core.text import clean_line
from amends.intake.channels.reviews.connectors.base import (
    Account,
    Connector,
    ConnectorError,
    Cursor,
    Gone,
    Item,
    Page,
    Permanent,
    RateLimited,
)
from amends.intake.channels.reviews.connectors.found import connector_of
from amends.intake.channels.reviews.models import Mention, ReviewSource, SourceState
from amends.intake.channels.reviews.rules import next_full_sweep, pause_after
from amends.intake.channels.reviews.secrets import resolve
from amends.intake.channels.reviews.services import locked_source, mark_gone, store_items

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
PAGES_IN_ONE_RUN = 20
SECONDS_IN_ONE_RUN = 60.0
CHECKED_AGAIN = 200
CHECKED_DAYS = timedelta(days=30)


def fetch_source(*, source_id: int) -> str:
    """Read a source that is due: `busy`, `not due`, `failed`, `more` (go on in another run) or `done`."""
    with alone(f"reviews:{source_id}") as free:
        if not free:
            return "busy"
        begun = time.monotonic()
        for _ in range(PAGES_IN_ONE_RUN):
            source = ReviewSource.objects.filter(pk=source_id, state=SourceState.ACTIVE).first()
            if source is None or source.next_fetch_at > clock.now():
                return "not due"
            outcome = _one_page(source)
            if outcome != "more":
                return outcome
            if time.monotonic() - begun > SECONDS_IN_ONE_RUN:
                break
        return "more"


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Hold the right to do this; False when another process has it. Freed by the database when we die."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 7303))", [name])
        (free,) = cursor.fetchone() or (False,)
    try:
        yield bool(free)
    finally:
        if free and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 7303))", [name])


def _one_page(source: ReviewSource) -> str:
    """Ask for one page and store it."""
    now = clock.now()
    cursor: Cursor = dict(source.cursor)
    full_since = source.full_since
    if full_since is None and next_full_sweep(last=source.last_full_at, now=now):
        cursor["full"], full_since = True, now
    try:
        connector = connector_of(source.kind)
        page = connector.fetch(account_of(source), cursor)
    except ConnectorError as error:
        return _failed(source, error)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the job is tried again
    except Exception as error:  # an answer of a shape nobody documented must not stop the other sources
        log.exception("the answer of a source was not understood", source=source.pk)
        return _failed(source, Permanent(f"The answer was not understood ({type(error).__name__})."))
    return _store(source, connector, page, full_since=full_since, now=now)


def account_of(source: ReviewSource) -> Account:
    """What the connector may know of a source."""
    references = dict(source.secrets)

    def secret(name: str) -> str:
        return resolve(str(references.get(name, "")))

    return Account(key=f"{source.kind}:{source.pk}", settings=dict(source.settings), secret=secret)


def _store(
    source: ReviewSource, connector: Connector, page: Page, *, full_since: datetime | None, now: datetime
) -> str:
    """Store the items, the cursor and the next time in one transaction, unless somebody has moved the cursor."""
    with transaction.atomic():
        row = locked_source(SYSTEM, source.pk)
        if row.cursor != source.cursor:
            return "busy"
        unreadable = page.unreadable + store_items(row, page.items, now=now)
        row.cursor, row.full_since, row.last_fetch_at = page.cursor, full_since, now
        row.failures, row.last_error_kind = 0, ""
        row.last_error = f"{unreadable} entries of the last page could not be read." if unreadable else ""
        row.last_error_at = now if unreadable else row.last_error_at
        wait = 0.0 if page.more else row.every_minutes * 60 * random.uniform(0.9, 1.0)  # noqa: S311  # only spreads load
        row.next_fetch_at = now + timedelta(seconds=max(wait, page.pause))
        if not page.more and full_since is not None:
            _check_again(row, connector, since=full_since, whole=page.whole, now=now)
            row.full_since, row.last_full_at = None, now
        row.save()
    if not page.more:
        return "done"
    return "more" if not page.pause else "done"


def _failed(source: ReviewSource, error: ConnectorError) -> str:
    """Note what went wrong and when to ask again; the cursor stays."""
    wanted = error.retry_after if isinstance(error, RateLimited) else None
    with transaction.atomic():
        row = locked_source(SYSTEM, source.pk)
        row.failures = min(row.failures + 1, 10_000)
        row.last_error, row.last_error_kind = clean_line(str(error))[:500], error.kind
        row.last_error_at = clock.now()
        pause = pause_after(kind=error.kind, failures=row.failures, wanted=wanted, chance=random.random())  # noqa: S311  # jitter
        row.next_fetch_at = row.last_error_at + timedelta(seconds=pause)
        row.save(update_fields=["failures", "last_error", "last_error_kind", "last_error_at", "next_fetch_at"])
    log.warning("a source of reviews could not be read", source=source.pk, kind=error.kind, failures=row.failures)
    return "failed"


def _check_again(source: ReviewSource, connector: Connector, *, since: datetime, whole: bool, now: datetime) -> None:
    """After a full sweep: what was missing in it is asked for by itself, and so is what a sweep cannot show."""
    from amends.intake.channels.reviews.jobs import check_mention

    missing = Mention.objects.filter(source=source, gone_at=None, seen_at__lt=since)
    can = connector.capabilities
    if not can.looks_up or (can.lists_all and not whole):
        return
    if not can.lists_all:
        missing = missing.filter(published_at__gt=now - CHECKED_DAYS)
    for mention_id in missing.order_by("-published_at", "-id").values_list("pk", flat=True)[:CHECKED_AGAIN]:
        check_mention.defer(mention_id=mention_id)


def check_mention_again(*, mention_id: int) -> str:
    """Look one review up: `there`, or `gone`.

    Raises:
        ConnectorError: it cannot be asked for now; the job is tried again.
    """
    mention = Mention.objects.select_related("source").get(pk=mention_id)
    item = looked_up(mention)
    if item is None:
        mark_gone(mention_id=mention_id)
        return "gone"
    with transaction.atomic():
        store_items(locked_source(SYSTEM, mention.source_id), [item], now=clock.now())
    return "there"


def looked_up(mention: Mention) -> Item | None:
    """A review as it stands there now, None when it is gone."""
    connector = connector_of(mention.source.kind)
    try:
        return connector.look_up(account_of(mention.source), mention.external_id)
    except Gone:
        return None


def due_sources() -> list[int]:
    """Ids of the active sources whose time has come."""
    due = ReviewSource.objects.filter(state=SourceState.ACTIVE, next_fetch_at__lte=clock.now())
    return list(due.order_by("next_fetch_at", "id").values_list("pk", flat=True)[:500])
