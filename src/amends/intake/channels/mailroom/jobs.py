"""The job that lets no mail rot."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.intake.channels.mailroom import services


@app.periodic(cron="*/5 * * * *")
@app.task(queue="default", name="intake.decide_overdue_mail", queueing_lock="intake.decide_overdue_mail")
def decide_overdue_mail(timestamp: int) -> int:
    """Every five minutes: mail of somebody else that nobody decided about becomes a complaint of its own."""
    del timestamp
    return services.decide_overdue()
