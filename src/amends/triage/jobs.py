"""The jobs of triage."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from amends.accounts.public import SYSTEM
from amends.core.errors import NotFound
from amends.triage import deciding, services


@app.task(
    queue="urgent",
    name="triage.assess",
    priority=100,  # people look at a page and wait for it: the alert of an unhappy answer comes out of this job
    retry=RetryStrategy(max_attempts=8, exponential_wait=3),
)
def assess(complaint_id: int) -> str:
    """Assess one complaint; running twice is running once."""
    try:
        stored = services.assess_complaint(actor=SYSTEM, complaint_id=complaint_id)
    except NotFound:
        return "there is no such complaint any more"
    return f"{stored.values['label']}, severity {stored.values['severity']}"


@app.task(queue="default", name="triage.judge_message", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def judge_message(message_id: int) -> str:
    """Judge one later message; running twice is running once."""
    judged = deciding.judge_message(actor=SYSTEM, message_id=message_id)
    return "there is no such message" if judged is None else f"{judged.probability:.2f}"


@app.periodic(cron="* * * * *")
@app.task(queue="default", lock="triage.catch_up", queueing_lock="triage.catch_up", name="triage.catch_up")
def catch_up(timestamp: int) -> str:
    """Assess what was imported, and what a lost job left behind."""
    return f"{services.catch_up()} assessed"
