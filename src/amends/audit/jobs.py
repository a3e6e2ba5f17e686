"""The sealing of the record, once a minute."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.audit import services


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", queueing_lock="audit.seal", name="audit.seal")
def seal(timestamp: int) -> int:
    """Seal what was written since the last minute."""
    return services.seal()
