"""The worker's connections: its own for looking after jobs, Django's for what the jobs themselves write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import close_old_connections
from procrastinate import PsycopgConnector
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params


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


def with_fresh_connection(do_the_job: Callable[[], Any], _context: object, _worker: object) -> Any:
    """Around each job what Django does around each request: a connection that died does not fail the next job too."""
    close_old_connections()
    try:
        return do_the_job()
    finally:
        close_old_connections()
