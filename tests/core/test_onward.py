"""A job asked for by a job is done at once by the same worker, and never lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from amends.core import jobs, onward
from amends.core.onward import do_with_what_follows, go_on

pytestmark = pytest.mark.django_db(transaction=True)
DONE: list[int] = []


@app.task(queue="urgent", name="tests.note")
def note(number: int) -> None:
    """Note that it was done; what is below zero fails."""
    if number < 0:
        raise ValueError("below zero")
    DONE.append(number)
    if number > 100:
        with transaction.atomic():
            go_on(note, number=number - 100)


@pytest.fixture(autouse=True)
def worker() -> Iterator[int]:
    DONE.clear()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        (number,) = cursor.fetchone() or (0,)
    yield int(number)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'tests.note'")
        cursor.execute("DELETE FROM procrastinate_workers WHERE id = %s", [number])


def rows(**values: Any) -> list[ProcrastinateJob]:
    return list(ProcrastinateJob.objects.filter(task_name="tests.note", **values))


def ask(*numbers: int, roll_back: bool = False) -> None:
    with transaction.atomic():
        for number in numbers:
            go_on(note, number=number)
        transaction.set_rollback(roll_back)


def test_outside_of_a_worker_it_is_an_ordinary_job() -> None:
    ask(1)
    assert DONE == []
    assert [one.status for one in rows()] == ["todo"]


def test_in_a_worker_it_is_done_after_the_commit_and_leaves_no_row(worker: int) -> None:
    def job() -> str:
        with transaction.atomic():
            go_on(note, number=1)
            assert DONE == []
            assert [(one.status, one.worker_id) for one in rows()] == [("doing", worker)]
        assert DONE == []
        return "result"

    assert do_with_what_follows(job, worker) == "result"
    assert DONE == [1]
    assert rows() == []


def test_what_follows_may_have_something_that_follows(worker: int) -> None:
    do_with_what_follows(lambda: ask(203, 1), worker)
    assert DONE == [203, 1, 103, 3]
    assert rows() == []


def test_what_was_rolled_back_is_not_done(worker: int) -> None:
    do_with_what_follows(lambda: ask(1, roll_back=True), worker)
    assert DONE == []
    assert rows() == []


def test_what_was_committed_is_done_although_the_job_failed_afterwards(worker: int) -> None:
    def job() -> None:
        ask(1)
        raise RuntimeError("after the commit")

    with pytest.raises(RuntimeError, match="after the commit"):
        do_with_what_follows(job, worker)
    assert DONE == [1]


def test_one_that_fails_goes_into_the_queue_and_stops_no_other(worker: int) -> None:
    do_with_what_follows(lambda: ask(-1, 2), worker)
    assert DONE == [2]
    (left,) = rows()
    assert (left.status, left.args, left.attempts) == ("todo", {"number": -1}, 1)
    assert left.scheduled_at is not None


def test_one_whose_worker_died_is_found_as_stalled(worker: int) -> None:
    def die() -> None:
        ask(1)
        raise SystemExit

    hand = onward.Hand(worker)
    token = onward._hand.set(hand)
    try:
        with pytest.raises(SystemExit):
            die()
    finally:
        onward._hand.reset(token)
    assert [one.status for one in rows()] == ["doing"]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute' WHERE id = %s", [worker]
        )
    async_to_sync(jobs.take_up)(app.job_manager)
    assert [one.status for one in rows()] == ["todo"]


def test_one_that_could_not_be_given_back_is_given_back_with_the_next_job(
    worker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_values: object) -> None:
        raise ConnectionError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(app.job_manager, "retry_job_by_id", away)
        do_with_what_follows(lambda: ask(-1), worker)
    assert [one.status for one in rows()] == ["doing"]
    do_with_what_follows(lambda: None, worker)
    assert [one.status for one in rows()] == ["todo"]
    assert onward._owed == set()
