"""The worker's connections: its own for looking after jobs, Django's for what the jobs themselves write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db import close_old_connections, connection, connections
from procrastinate import PsycopgConnector
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params

PREPARE_AFTER: Final = 2
PREPARED_MOST: Final = 600
"""Statements that a connection keeps prepared. A worker says the same some 200 sentences again and again; planning each of
them anew, some over seven tables, costs the database more than carrying them out."""


def prepare_statements() -> None:
    """Let the database plan once what this process asks again and again. Call it before the first connection is made.

    The worker needs connections of its own in any case (its locks and its listening belong to a session), so nothing is
    lost that a pooler between it and the database could have given.
    """
    for one in connections.settings.values():
        one["OPTIONS"] |= {"server_side_binding": True, "prepare_threshold": PREPARE_AFTER}


class WorkerConnector(PsycopgConnector):
    """Looks after jobs on connections of its own; a job that defers another one writes it on Django's connection.

    Without this, a job deferred by a job would be a row of another transaction: seen by the next worker before the
    change that asked for it is committed, and kept when that change is rolled back.
    """

    def __init__(self, django: DjangoConnector) -> None:
        super().__init__(kwargs=connector_params(django.alias))
        self._django = django

    def get_sync_connector(self) -> BaseConnector:
        """Django's connection of the thread that asks, inside its transaction."""
        return self._django


def with_fresh_connection(do_the_job: Callable[[], Any], _context: object, worker: object) -> Any:
    """Around each job what Django does around each request: a connection that died does not fail the next job too.

    The jobs that this one asks for follow at once (`core.onward`).
    """
    from amends.core.onward import do_with_what_follows

    close_old_connections()
    connection.ensure_connection()
    if connection.connection.prepare_threshold is not None:
        connection.connection.prepared_max = PREPARED_MOST
    try:
        return do_with_what_follows(do_the_job, getattr(worker, "worker_id", None))
    finally:
        close_old_connections()
