"""The next step at once: a job that another job asks for is taken up by the same worker, without a round through the queue.

Reading a mail asks for its assessment, that for the first letter, that for its sending. Each is a job of its own with a row
of its own, written in the transaction that asks for it. Inside a worker that row is written as taken by this very worker,
which does it as soon as the transaction is committed. When the worker dies before, the row is that of a job whose worker
died: `core.jobs` has it done by another. Where there is no worker (a page, the mail listener) it is an ordinary job.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import close_old_connections, connection
from procrastinate.contrib.django import app
from procrastinate.tasks import Task
from procrastinate.types import JSONValue
from psycopg.types.json import Jsonb

from amends.core import clock

PAUSE: Final = timedelta(seconds=3)
"""After this a job that failed here is tried again, as an ordinary one."""
TAKE: Final = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, status, worker_id)
    VALUES (%s, %s, %s, %s, %s, %s, 'doing', %s) RETURNING id
"""

log: structlog.stdlib.BoundLogger = structlog.get_logger("amends.jobs")


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that is ours: its row, what to call and with what."""

    job_id: int
    task: Task[..., Any, Any]
    arguments: dict[str, JSONValue]


@dataclass(slots=True)
class Hand:
    """What one thread of a worker has taken and not done yet."""

    worker_id: int
    taken: list[Taken] = field(default_factory=list)


_hand: ContextVar[Hand | None] = ContextVar("amends_hand", default=None)
_owed: set[int] = set()
"""Jobs that could be neither finished nor given back, because the database was away. They are given back when it is there."""


def go_on(task: Task[..., Any, Any], **arguments: JSONValue) -> None:
    """Have this job done: right after the commit when we are in a worker, else by the next one that is free."""
    hand = _hand.get()
    if hand is None or not connection.in_atomic_block:
        task.defer(**arguments)
        return
    job = task.configure().make_new_job(**arguments)
    values: list[Any] = [job.queue, job.task_name, job.priority, job.lock, job.queueing_lock, Jsonb(job.task_kwargs)]
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [*values, hand.worker_id])
        (job_id,) = cursor.fetchone()
    hand.taken.append(Taken(job_id, task, arguments))


def in_a_worker() -> bool:
    """Whether `go_on` goes on at once here."""
    return _hand.get() is not None


def do_with_what_follows(do_the_job: Callable[[], Any], worker_id: int | None) -> Any:
    """Do a job, then the jobs it asked for, and so on; what the first one gave. `worker_id` is None outside of a worker."""
    if worker_id is None:
        return do_the_job()
    hand = Hand(worker_id)
    token = _hand.set(hand)
    try:
        try:
            return do_the_job()
        finally:
            # Also after a failure: what was committed before it is ours, and nobody else will do it.
            while hand.taken:
                _do(hand.taken.pop(0))
            _give_back_what_is_owed()
    finally:
        _hand.reset(token)


def _do(one: Taken) -> None:
    """Do a taken job and remove its row; after any failure it becomes an ordinary job."""
    try:
        if not _is_ours(one.job_id):
            return
        one.task(**one.arguments)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s AND status = 'doing'", [one.job_id])
    except Exception:  # whatever it was, the queue has the patience that we have not
        log.warning("a job failed and goes into the queue", job_id=one.job_id, task=one.task.name, exc_info=True)
        _give_back(one.job_id)


def _give_back(job_id: int) -> None:
    close_old_connections()
    try:
        app.job_manager.retry_job_by_id(job_id=job_id, retry_at=clock.now() + PAUSE)
    except Exception:  # the database is away, or the job is gone already: looked at again with the next job
        log.warning("a job could not be given back yet", job_id=job_id, exc_info=True)
        _owed.add(job_id)


def _give_back_what_is_owed() -> None:
    for job_id in tuple(_owed):
        try:
            if _is_ours(job_id):
                app.job_manager.retry_job_by_id(job_id=job_id, retry_at=clock.now())
        except Exception:  # the database is still away, or another thread was faster: there will be a next job
            log.warning("a job could not be given back yet", job_id=job_id, exc_info=True)
        else:
            _owed.discard(job_id)


def _is_ours(job_id: int) -> bool:
    """Whether the row is there: it is not when the transaction that wrote it was rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM procrastinate_jobs WHERE id = %s AND status = 'doing'", [job_id])
        return cursor.fetchone() is not None
