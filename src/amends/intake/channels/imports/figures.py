"""How fast an import is and how long it still takes (PURE)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from amends.intake.channels.imports.models import ImportRun, RunState


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows a second in this stretch, and the seconds that are left; None when they cannot be known."""

    speed: float | None
    left: timedelta | None


def progress_of(run: ImportRun) -> Progress:
    """Speed of this stretch (of the whole run once it is finished), and what is left at that speed."""
    if run.finished_at is not None and run.resumed_rows == 0 and run.resumed_at is not None:
        return Progress(_speed(run.rows, run.finished_at - run.resumed_at), None)
    if run.state != RunState.RUNNING or run.resumed_at is None or run.moved_at is None:
        return Progress(None, None)
    speed = _speed(run.rows - run.resumed_rows, run.moved_at - run.resumed_at)
    if not speed or run.total is None:
        return Progress(speed, None)
    return Progress(speed, timedelta(seconds=round(max(0, run.total - run.rows) / speed)))


def _speed(rows: int, time: timedelta) -> float | None:
    return rows / time.total_seconds() if rows and time > timedelta(0) else None


def share(run: ImportRun) -> int | None:
    """How much is done, in hundredths; None when nobody counted the rows."""
    if run.state == RunState.FINISHED:
        return 100
    return None if not run.total else min(99, run.rows * 100 // run.total)
