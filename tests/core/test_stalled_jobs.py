"""A job outlives the worker that died in the middle of it."""

from __future__ import annotations

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

from amends.core import jobs

pytestmark = pytest.mark.django_db


def worker(seconds_ago: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [seconds_ago],
        )
        return int(cursor.fetchone()[0])


def job_in_hand(worker_id: int | None, attempts: int = 0, lock: str | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts, worker_id, queueing_lock) "
            "VALUES ('default', 'audit.seal', '{}', 'doing', %s, %s, %s) RETURNING id",
            [attempts, worker_id, lock],
        )
        return int(cursor.fetchone()[0])


def status(job_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE id = %s", [job_id])
        return str(cursor.fetchone()[0])


def take_up() -> tuple[int, int]:
    return async_to_sync(jobs.take_up)(app.job_manager)


def test_a_job_of_a_dead_worker_is_put_back_and_one_of_a_living_worker_is_left() -> None:
    of_the_dead, of_the_living = job_in_hand(worker(3600)), job_in_hand(worker(1))
    of_the_forgotten = job_in_hand(None)
    assert take_up() == (2, 0)
    assert [status(one) for one in (of_the_dead, of_the_forgotten, of_the_living)] == ["todo", "todo", "doing"]
    assert take_up() == (0, 0)


def test_a_job_that_stalled_too_often_is_given_up_and_stays_visible_as_failed() -> None:
    deadly = job_in_hand(worker(3600), attempts=jobs.ATTEMPTS_LIMIT)
    assert take_up() == (0, 1)
    assert status(deadly) == "failed"


@pytest.mark.django_db(transaction=True)
def test_a_look_out_whose_next_waits_already_is_left_to_it_and_holds_up_no_other() -> None:
    of_its_kind, other = job_in_hand(worker(3600), lock="sweep"), job_in_hand(worker(3600))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, queueing_lock) "
            "VALUES ('default', 'audit.seal', '{}', 'sweep')"
        )
    assert take_up() == (1, 0)
    assert (status(of_its_kind), status(other)) == ("failed", "todo")
    assert take_up() == (0, 0)
