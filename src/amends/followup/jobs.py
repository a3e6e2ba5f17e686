"""Every five minutes: what is due goes out."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.followup.sending import send_due


@app.periodic(cron="*/5 * * * *")
@app.task(queue="default", name="followup.send_due", queueing_lock="followup.send_due")
def send_follow_ups(timestamp: int) -> None:
    """Send due surveys and check-ins; safe to run twice."""
    send_due()
