"""The sweep: every few seconds, on whichever worker is free."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.clocks import services


@app.periodic(cron="* * * * * */10")
@app.task(queue="urgent", queueing_lock="clocks.sweep", name="clocks.sweep")
def sweep(timestamp: int) -> str:
    """Notice what has come due; what it did, for the log.

    Raises:
        RuntimeError: some clocks could not be swept; they are tried again with the next sweep.
    """
    swept = services.sweep()
    said = f"{swept.warned} warned, {swept.breached} breached, {swept.lapsed} lapsed"
    if swept.failed:
        raise RuntimeError(f"{swept.failed} clocks could not be swept ({said}); see the log for each.")
    return said
