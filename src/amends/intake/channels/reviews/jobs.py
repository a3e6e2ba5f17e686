"""The jobs of reviews: reading sources, looking into what came, posting replies, taking up what was left behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import JobDeferrer

from amends.core import clock
from amends.intake.channels.reviews import fetching, posting, services
from amends.intake.channels.reviews.models import Mention

LOOKED_INTO_AFTER = timedelta(minutes=3)
ATTEMPTS = 8
"""A review that cannot be looked into eight times in a row waits for a person; it is in the list all the same."""


@app.periodic(cron="* * * * *")
@app.task(queue="default", name="intake.fetch_reviews", queueing_lock="intake.fetch_reviews")
def fetch_reviews(timestamp: int) -> int:
    """Every minute: each source whose time has come gets its job."""
    del timestamp
    due = fetching.due_sources()
    for source_id in due:
        fetch_source_once(source_id)
    return len(due)


@app.task(queue="default", name="intake.fetch_review_source", retry=RetryStrategy(max_attempts=3, exponential_wait=5))
def fetch_source(source_id: int) -> str:
    """Read one source; when there is more than fits one run, the rest is a job of its own."""
    outcome = fetching.fetch_source(source_id=source_id)
    if outcome == "more":
        fetch_source_once(source_id)
    return outcome


def fetch_source_once(source_id: int) -> None:
    """Defer the reading of a source, once however often it is asked for."""
    _once(fetch_source.configure(queueing_lock=f"reviews:{source_id}"), source_id=source_id)


@app.task(queue="default", name="intake.look_into_review", retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def look_into(mention_id: int) -> str:
    """Decide what a new or changed review is."""
    Mention.objects.filter(pk=mention_id).update(attempts=F("attempts") + 1)
    return services.look_into_mention(mention_id=mention_id)


@app.task(queue="default", name="intake.check_review", retry=RetryStrategy(max_attempts=5, exponential_wait=6))
def check_mention(mention_id: int) -> str:
    """Look one review up that was missing in a full sweep."""
    return fetching.check_mention_again(mention_id=mention_id)


@app.task(queue="urgent", name="intake.post_reply", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def post_reply(message_id: int) -> str:
    """Post one public reply; when it has to be tried again, the next attempt is a job of its own."""
    again_at = posting.deliver_reply(message_id=message_id)
    if again_at is not None:
        post_later(message_id, again_at)
    return "later" if again_at else "done"


def post_later(message_id: int, at: datetime | None) -> None:
    """Defer the posting of a reply, once however often it is asked for."""
    _once(post_reply.configure(schedule_at=at, queueing_lock=f"reply:{message_id}"), message_id=message_id)


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", name="intake.take_up_reviews", queueing_lock="intake.take_up_reviews")
def take_up_reviews(timestamp: int) -> int:
    """Every minute: reviews and replies whose job was lost, or whose worker died, get a new one."""
    del timestamp
    waiting = Mention.objects.exclude(understood_digest=F("digest")).filter(
        seen_at__lt=clock.now() - LOOKED_INTO_AFTER, attempts__lt=ATTEMPTS
    )
    mentions = list(waiting.order_by("id").values_list("pk", flat=True)[:500])
    for mention_id in mentions:
        _once(look_into.configure(queueing_lock=f"review:{mention_id}"), mention_id=mention_id)
    replies = posting.left_behind()
    for message_id in replies:
        post_later(message_id, None)
    return len(mentions) + len(replies)


def _once(deferrer: JobDeferrer, **arguments: int) -> None:
    """Defer unless the same job waits already; in a savepoint, so that the caller's transaction goes on."""
    try:
        with transaction.atomic():
            deferrer.defer(**arguments)
    except AlreadyEnqueued:
        return
