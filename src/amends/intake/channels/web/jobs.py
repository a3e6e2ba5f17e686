"""The job of the web form: files that wait for the virus scanner."""

from __future__ import annotations

from procrastinate.contrib.django import app

from amends.intake.channels.web import scanning


@app.periodic(cron="* * * * *")
@app.task(queue="upkeep", name="intake.scan_held_files", queueing_lock="intake.scan_held_files")
def scan_held_files(timestamp: int) -> int:
    """Every minute: what could not be checked when it came is checked when the scanner is back."""
    del timestamp
    return scanning.scan_held_files()
