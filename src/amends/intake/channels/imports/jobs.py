"""The jobs of imports: the dry run, the import itself, and taking up what a dead worker left behind."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


@app.task(queue="upkeep", name="intake.check_import", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def check_file(file_id: int, token: str) -> str:
    """Read a whole file and say what would happen."""
    from amends.intake.channels.imports import services

    return services.check(file_id=file_id, token=token)


@app.task(queue="upkeep", name="intake.work_on_import", retry=RetryStrategy(max_attempts=5, exponential_wait=3))
def work_on(run_id: int) -> str:
    """Take in the next rows of a file."""
    from amends.intake.channels.imports import services

    return services.proceed(run_id=run_id)


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", name="intake.take_up_imports", queueing_lock="intake.take_up_imports")
def take_up_imports(timestamp: int) -> int:
    """Every minute: imports whose worker died get a new job; an import that is being worked on is left alone by it."""
    from amends.intake.channels.imports import services

    del timestamp
    waiting = services.take_up()
    for run_id in waiting:
        work_on.defer(run_id=run_id)
    return len(waiting)


@app.periodic(cron="20 3 * * *")
@app.task(queue="upkeep", name="intake.tidy_imports", queueing_lock="intake.tidy_imports")
def tidy_imports(timestamp: int) -> int:
    """Every night: bytes and refused rows that nobody needs any more are removed."""
    from amends.intake.channels.imports import services

    del timestamp
    return services.tidy()
