"""The jobs of the chat: passing on what nobody has seen, and ending what was left."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.core import clock
from amends.intake.channels.chat import services
from amends.intake.channels.chat.rules import GRACE


@app.task(queue="urgent", name="intake.hand_over_line", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def hand_over_line(message_id: int) -> str:
    """See whether the customer's page has shown a line; pass it on when nobody is there."""
    if services.hand_over(message_id=message_id):
        look_later(message_id, clock.now() + GRACE)
        return "later"
    return "done"


def look_later(message_id: int, at: datetime | None) -> None:
    """Defer the look at a line, once however often it is asked for."""
    try:
        with transaction.atomic():
            hand_over_line.configure(schedule_at=at, queueing_lock=f"chat:{message_id}").defer(message_id=message_id)
    except AlreadyEnqueued:
        return


@app.periodic(cron="* * * * * */20")
@app.task(queue="upkeep", name="intake.look_after_chats", queueing_lock="intake.look_after_chats")
def look_after_chats(timestamp: int) -> int:
    """Every 20 seconds: lines whose job was lost get a new one; chats whose customer has gone are ended."""
    del timestamp
    lost, ended = services.sweep()
    for message_id in lost:
        look_later(message_id, None)
    return len(lost) + ended
