"""Work of handling that is done by the clock."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.handling.services.promises import sweep_promises


@app.periodic(cron="*/5 * * * *")
@app.task(queue="default", name="handling.sweep_promises", queueing_lock="handling.sweep_promises", pass_context=False)
def sweep(timestamp: int) -> int:
    """Remind of promises that are due, and note those that were not kept; how many."""
    return sweep_promises()
