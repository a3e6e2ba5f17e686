"""The jobs of triage."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from amends.accounts.public import SYSTEM
from amends.core.errors import NotFound
from amends.triage import services


@app.task(queue="urgent", name="triage.assess", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def assess(complaint_id: int) -> str:
    """Assess one complaint; running twice is running once."""
    try:
        stored = services.assess_complaint(actor=SYSTEM, complaint_id=complaint_id)
    except NotFound:
        return "there is no such complaint any more"
    return f"{stored.values['label']}, severity {stored.values['severity']}"


@app.periodic(cron="* * * * *")
@app.task(queue="default", lock="triage.catch_up", queueing_lock="triage.catch_up", name="triage.catch_up")
def catch_up(timestamp: int) -> str:
    """Assess what was imported, and what a lost job left behind."""
    return f"{services.catch_up()} assessed"
