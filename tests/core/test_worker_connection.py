"""A job that asks for another job: both are one transaction, as everywhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob

from amends.core.worker_connection import WorkerConnector, with_fresh_connection
from amends.voice.jobs import acknowledge

pytestmark = pytest.mark.django_db(transaction=True)


def inside_a_worker(work: Callable[[], None]) -> None:
    """Do it in a worker's thread, with the app connected as `amends worker` connects it."""
    django = app.connector
    assert isinstance(django, DjangoConnector)

    async def run() -> None:
        with app.replace_connector(WorkerConnector(django)) as working:
            async with working.open_async():
                await sync_to_async(with_fresh_connection, thread_sensitive=False)(work, None, None)

    asyncio.run(run())


def waiting(number: int) -> int:
    """How many acknowledgements of this complaint wait; the jobs of other tests do not count."""
    return int(ProcrastinateJob.objects.filter(task_name="voice.acknowledge", args={"complaint_id": number}).count())


def test_a_job_deferred_in_a_transaction_that_rolls_back_is_not_there() -> None:
    def work() -> None:
        with transaction.atomic():
            acknowledge.defer(complaint_id=990_001)
            assert waiting(990_001) == 1
            transaction.set_rollback(True)

    inside_a_worker(work)
    assert waiting(990_001) == 0


def test_a_job_deferred_in_a_transaction_is_seen_by_others_only_after_its_commit() -> None:
    seen: list[int] = []

    def work() -> None:
        with transaction.atomic():
            acknowledge.defer(complaint_id=990_002)
            seen.append(count_from_outside())
        seen.append(count_from_outside())

    def count_from_outside() -> int:
        import psycopg

        with psycopg.connect(**{key: value for key, value in parameters.items() if value is not None}) as other:
            row = other.execute(
                "SELECT count(*) FROM procrastinate_jobs WHERE args @> '{\"complaint_id\": 990002}'"
            ).fetchone()
        assert row is not None
        return int(row[0])

    known = connection.get_connection_params()
    parameters = {key: known.get(key) for key in ("host", "port", "user", "password", "dbname")}
    inside_a_worker(work)
    assert seen == [0, 1]


def test_a_connection_that_died_does_not_fail_the_next_job() -> None:
    from django.db import OperationalError

    def die() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def work() -> None:
        with pytest.raises(OperationalError):
            with_fresh_connection(die, None, None)
        assert with_fresh_connection(lambda: waiting(990_003), None, None) == 0

    inside_a_worker(work)


def test_a_worker_lets_the_database_plan_once_what_it_asks_again_and_again() -> None:
    from django.db import connections

    from amends.core.worker_connection import prepare_statements

    options = connections.settings["default"]["OPTIONS"]
    before = dict(options)
    connection.close()
    try:
        prepare_statements()

        def work() -> None:
            for number in range(5):
                assert waiting(990_100 + number) == 0
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%procrastinate_jobs%'"
                )
                (prepared,) = cursor.fetchone() or (0,)
            assert prepared == 1

        inside_a_worker(work)
    finally:
        connection.close()
        options.clear()
        options.update(before)
