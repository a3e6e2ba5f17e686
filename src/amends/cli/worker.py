"""`amends worker`: does the jobs that the other processes leave in the database. Any number of them, on any machine."""

from __future__ import annotations

import argparse
import gc
import os

from amends.cli import environment
from amends.cli.errors import CommandError

SUMMARY = "do the jobs: acknowledgements, mail, clocks, follow-up"
GRACE_SECONDS = 8.0
CONCURRENCY = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Queues and how many jobs at once."""
    parser.add_argument("--queues", help="only these queues, separated by commas (default: all)")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help=f"jobs at once (default {CONCURRENCY})")


def main(arguments: argparse.Namespace) -> int:
    """Work until SIGTERM or Ctrl-C; jobs in hand get a few seconds, the rest is taken up by the next worker."""
    if arguments.concurrency < 1:
        raise CommandError("--concurrency must be 1 or more.", exit_code=2)
    os.environ.setdefault("AMENDS_PROCESS", "worker")
    queues = [queue.strip() for queue in arguments.queues.split(",")] if arguments.queues else None
    with environment.django_ready():
        environment.close_connections()  # those that looked for missing migrations
        _work(queues, arguments.concurrency)
    return 0


def _work(queues: list[str] | None, concurrency: int) -> None:
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from amends.core.jobs import DEAD_AFTER_SECONDS, HEARTBEAT_SECONDS
    from amends.core.worker_connection import WorkerConnector, prepare_statements, with_fresh_connection

    prepare_statements()
    gc.freeze()  # what is loaded now stays: the collector need not look at it again and again
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    with app.replace_connector(WorkerConnector(connector)) as working:
        working.run_worker(
            queues=queues,
            concurrency=concurrency,
            shutdown_graceful_timeout=GRACE_SECONDS,
            update_heartbeat_interval=HEARTBEAT_SECONDS,
            stalled_worker_timeout=DEAD_AFTER_SECONDS,
            delete_jobs="successful",
            task_middleware=[with_fresh_connection],
            install_signal_handlers=True,
        )
