"""The jobs of surveys: invitations out, and unhappy answers whose story did not come."""

from __future__ import annotations

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.intake.channels.survey import answering, outbox
from amends.intake.webhooks import jobs as webhook_jobs

WEBHOOKS = webhook_jobs.process_webhook
"""Imported here so that the worker finds the jobs of webhooks."""


@app.task(queue="default", name="intake.send_survey_invitations", queueing_lock="intake.send_survey_invitations")
def send_invitations() -> int:
    """Send the invitations that are due, within the budget of one run."""
    return outbox.send_due()


def send_soon() -> None:
    """Defer a run, unless one waits already."""
    try:
        with transaction.atomic():
            send_invitations.defer()
    except AlreadyEnqueued:
        return


@app.periodic(cron="* * * * * */20")
@app.task(queue="default", name="intake.take_up_survey_invitations", queueing_lock="intake.take_up_survey_invitations")
def take_up_invitations(timestamp: int) -> int:
    """Every 20 seconds: the next invitations."""
    del timestamp
    return outbox.send_due()


@app.periodic(cron="* * * * *")
@app.task(queue="urgent", name="intake.register_unhappy_answers", queueing_lock="intake.register_unhappy_answers")
def register_unhappy(timestamp: int) -> int:
    """Every minute: unhappy answers that have waited ten minutes become complaints with what there is."""
    del timestamp
    return answering.register_due()
