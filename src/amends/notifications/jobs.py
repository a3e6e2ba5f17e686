"""The jobs of alerts: climb, and send what goes beyond the page."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.core import clock
from amends.notifications import alerts, sending


@app.task(
    queue="urgent",
    name="notifications.deliver",
    priority=60,  # an alarm does not wait behind letters
    retry=RetryStrategy(max_attempts=5, exponential_wait=3),
)
def deliver(delivery_id: int) -> str:
    """Send one delivery; when it has to be tried again, the next attempt is a job of its own."""
    again_at = sending.deliver(delivery_id=delivery_id)
    if again_at is not None:
        send_later(delivery_id, again_at)
    return "later" if again_at else "done"


def send_later(delivery_id: int, at: datetime) -> None:
    """Defer the sending, once however often it is asked for."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        deliver.configure(schedule_at=at, queueing_lock=f"alert-delivery:{delivery_id}").defer(delivery_id=delivery_id)


@app.periodic(cron="* * * * * */5")
@app.task(queue="urgent", name="notifications.climb", queueing_lock="notifications.climb")
def climb(timestamp: int) -> int:
    """Every five seconds: alerts that nobody has taken up go to the next in line."""
    del timestamp
    return alerts.climb()


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", name="notifications.take_up", queueing_lock="notifications.take_up")
def take_up(timestamp: int) -> int:
    """Every minute: deliveries whose job was lost get a new one."""
    del timestamp
    waiting = sending.left_behind()
    for delivery_id in waiting:
        send_later(delivery_id, clock.now())
    return len(waiting)
