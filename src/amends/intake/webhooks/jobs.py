"""Jobs of inbound webhooks, for the worker to find (through the channels that use them)."""

from __future__ import annotations

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.intake.webhooks import services


@app.task(queue="urgent", name="intake.process_webhook", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def process_webhook(delivery_id: int) -> str:
    """Understand one kept delivery."""
    return services.process(delivery_id=delivery_id)


def process_later(delivery_id: int) -> None:
    """Defer the work on a delivery, once however often it is asked for."""
    try:
        with transaction.atomic():
            process_webhook.configure(queueing_lock=f"webhook:{delivery_id}").defer(delivery_id=delivery_id)
    except AlreadyEnqueued:
        return


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", name="intake.take_up_webhooks", queueing_lock="intake.take_up_webhooks")
def take_up_webhooks(timestamp: int) -> int:
    """Every minute: deliveries whose job was lost get a new one."""
    del timestamp
    waiting = services.left_behind()
    for delivery_id in waiting:
        process_later(delivery_id)
    return len(waiting)
