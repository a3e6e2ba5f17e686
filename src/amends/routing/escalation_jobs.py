"""What must not be forgotten: overdue call-backs, hand-offs that nobody accepts. Registered when the handlers are imported."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.routing import callbacks, climbing, criteria, escalation_handlers

__all__ = ["escalation_handlers"]  # they register themselves


@app.periodic(cron="* * * * *")
@app.task(queue="urgent", queueing_lock="routing.call_backs", name="routing.call_backs")
def alarm_overdue_call_backs(timestamp: int) -> int:
    """Raise the alarm for calls that nobody made; safe to run twice."""
    del timestamp
    return callbacks.alarm_overdue()


@app.periodic(cron="* * * * *")
@app.task(queue="urgent", queueing_lock="routing.climb_handoffs", name="routing.climb_handoffs")
def climb_handoffs(timestamp: int) -> int:
    """Ask the next team where nobody accepted in time; safe to run twice."""
    del timestamp
    return climbing.climb_handoffs()


@app.periodic(cron="* * * * *")
@app.task(queue="urgent", queueing_lock="routing.criteria_of_clocks", name="routing.criteria_of_clocks")
def criteria_of_clocks(timestamp: int) -> int:
    """Look at cases of which a deadline has passed a percentage of the criteria; safe to run twice."""
    del timestamp
    return criteria.sweep_clocks()
