"""The jobs of mail: reading what came in, sending what goes out, taking up what was left behind."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import JobDeferrer

from amends.cases.public import forget_old_entries
from amends.core.onward import go_on, in_a_worker
from amends.intake.channels.email import alarm, outbox, services


@app.task(
    queue="urgent",
    name="intake.process_mail",
    priority=-10,  # a flood of mail holds up nothing else: no clock, no alarm, no letter that a colleague writes
    retry=RetryStrategy(max_attempts=8, exponential_wait=3),
)
def process_mail(raw_mail_id: int) -> str:
    """File one kept mail."""
    return services.process(raw_mail_id=raw_mail_id)


@app.task(queue="urgent", name="intake.deliver_message", retry=RetryStrategy(max_attempts=8, exponential_wait=3))
def deliver_message(message_id: int) -> str:
    """Send one message; when it has to be tried again, the next attempt is a job of its own."""
    again_at = outbox.deliver(message_id=message_id)
    if again_at is not None:
        send_later(message_id, again_at)
    return "later" if again_at else "done"


def send_later(message_id: int, at: datetime | None) -> None:
    """Defer the sending of a message, once however often it is asked for; a job that waits for later comes forward."""
    if at is None and in_a_worker():
        go_on(deliver_message, message_id=message_id)
        return
    lock = f"deliver:{message_id}"
    _once(deliver_message.configure(schedule_at=at, queueing_lock=lock), message_id=message_id)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE procrastinate_jobs SET scheduled_at = %s
            WHERE queueing_lock = %s AND status = 'todo' AND scheduled_at > coalesce(%s, now())
            """,
            [at, lock, at],
        )


def _once(deferrer: JobDeferrer, **arguments: int) -> None:
    """Defer unless the same job waits already; in a savepoint, so that the caller's transaction goes on."""
    try:
        with transaction.atomic():
            deferrer.defer(**arguments)
    except AlreadyEnqueued:
        return


@app.periodic(cron="* * * * * */20")
@app.task(queue="upkeep", name="intake.take_up_mail", queueing_lock="intake.take_up_mail")
def take_up_mail(timestamp: int) -> int:
    """Every 20 seconds: mails and messages whose job was lost, or whose sender died, get a new one."""
    del timestamp
    waiting = services.left_behind()
    for raw_mail_id in waiting:
        _once(process_mail.configure(queueing_lock=f"mail:{raw_mail_id}"), raw_mail_id=raw_mail_id)
    unsent = outbox.left_behind()
    for message_id in unsent:
        send_later(message_id, None)
    return len(waiting) + len(unsent)


@app.periodic(cron="17 3 * * *")
@app.task(queue="upkeep", name="intake.forget_budget", queueing_lock="intake.forget_budget")
def forget_budget(timestamp: int) -> int:
    """Each night: what no send budget counts any more is removed."""
    del timestamp
    return forget_old_entries()


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", name="intake.look_after_mail", queueing_lock="intake.look_after_mail")
def look_after_mail(timestamp: int) -> int:
    """Every minute: is any mail missing, late or not fetched? The administrators hear of it."""
    del timestamp
    return alarm.look_after_mail()
