"""Jobs whose worker died in the middle of them are taken up again."""

from __future__ import annotations

from typing import Final

import structlog
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.job_context import JobContext
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

HEARTBEAT_SECONDS: Final = 5.0  # how often a worker says that it lives
DEAD_AFTER_SECONDS: Final = 20.0
ATTEMPTS_LIMIT: Final = 12  # a job that kills every worker must not do so for ever

log: structlog.stdlib.BoundLogger = structlog.get_logger("amends.jobs")


@app.periodic(cron="* * * * * */15")
@app.task(queue="urgent", name="core.take_up_stalled", queueing_lock="core.take_up_stalled", pass_context=True)
async def take_up_stalled(context: JobContext, timestamp: int) -> None:
    """Every 15 seconds; our own job may stall too, and is then found by the next one."""
    del timestamp
    await take_up(context.app.job_manager)


async def take_up(manager: JobManager) -> tuple[int, int]:
    """Put back every job whose worker is gone, so that a living one does it; all jobs are safe to be done twice.

    Returns how many were put back and how many were given up because they had stalled too often.
    """
    again = given_up = 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER_SECONDS):
        if job.id is None:
            continue
        if job.attempts >= ATTEMPTS_LIMIT:
            await manager.finish_job_by_id_async(job_id=job.id, status=Status.FAILED, delete_job=False)
            given_up += 1
            log.error("a job stalled too often and was given up", job_id=job.id, task=job.task_name)
            continue
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            # Its like waits already and does the same work: a look-out that died is not needed twice.
            await manager.finish_job_by_id_async(job_id=job.id, status=Status.FAILED, delete_job=False)
            log.warning("a job whose worker died is left to the next of its kind", job_id=job.id, task=job.task_name)
        else:
            again += 1
            log.warning("a job whose worker died is taken up again", job_id=job.id, task=job.task_name)
    return again, given_up
