"""The acknowledgement as a job, and the look-out for those that were missed."""

from __future__ import annotations

from contextlib import suppress

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.voice import services


@app.task(
    queue="urgent",
    name="voice.acknowledge",
    priority=50,
    retry=RetryStrategy(max_attempts=8, exponential_wait=3),
)
def acknowledge(complaint_id: int) -> None:
    """Acknowledge one complaint."""
    services.acknowledge(complaint_id=complaint_id)


@app.periodic(cron="* * * * *")
@app.task(queue="urgent", name="voice.catch_up", queueing_lock="voice.catch_up")
def catch_up(timestamp: int) -> None:
    """Acknowledge what should have been two minutes ago: one job each, so that one bad case stops no other. And call the
    leads where a person should have written and has not."""
    del timestamp
    for complaint_id in services.overdue_acknowledgements():
        with suppress(AlreadyEnqueued):  # the one of the minute before still waits: one is enough
            acknowledge.configure(queueing_lock=f"voice.acknowledge:{complaint_id}").defer(complaint_id=complaint_id)
    services.call_again()
