"""The sweep: every few seconds, on whichever worker is free."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.clocks import services

SECONDS = 1.5
"""How long one sweep tells of what it noted before it makes room for the next."""


@app.periodic(cron="* * * * * */2")
@app.task(queue="urgent", queueing_lock="clocks.sweep", name="clocks.sweep")
def sweep(timestamp: int) -> str:
    """Notice what has come due, every two seconds; what it did, for the log.

    Raises:
        RuntimeError: some clocks could not be swept; they are tried again with the next sweep.
    """
    del timestamp
    swept = services.sweep(seconds=SECONDS)
    said = f"{swept.warned} warned, {swept.breached} breached, {swept.lapsed} lapsed"
    if swept.more:
        # After a standstill or at midnight what is left does not wait for its second.
        with suppress(AlreadyEnqueued), transaction.atomic():
            sweep.configure().defer(timestamp=0)
    if swept.failed:
        raise RuntimeError(f"{swept.failed} clocks could not be swept ({said}); see the log for each.")
    return said


@app.task(queue="default", name="clocks.reckon_unit")
def reckon_unit(unit_id: int, after: int = 0) -> int:
    """Count a unit's open complaints anew; the next batch is a job of its own."""
    last = services.reckon_unit(unit_id=unit_id, after=after)
    if last is not None:
        reckon_unit.defer(unit_id=unit_id, after=last)
    return last or 0


@app.periodic(cron="*/5 * * * *")
@app.task(queue="upkeep", queueing_lock="clocks.refresh_packs", name="clocks.refresh_packs")
def refresh_packs(timestamp: int) -> int:
    """Every five minutes: clocks from an older version of a rule pack are counted by the new one."""
    del timestamp
    return services.refresh_packs()
