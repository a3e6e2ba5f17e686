"""What must not be forgotten: overdue call-backs. Registered when the handlers are imported."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.routing import callbacks


@app.periodic(cron="* * * * *")
@app.task(queue="urgent", queueing_lock="routing.call_backs", name="routing.call_backs")
def alarm_overdue_call_backs(timestamp: int) -> int:
    """Raise the alarm for calls that nobody made; safe to run twice."""
    del timestamp
    return callbacks.alarm_overdue()
