"""`amends migrate`: bring the database up to date."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from amends.cli import environment

SUMMARY = "bring the database up to date"
LOCK = 4_714_119_823  # any number; only this program takes it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only looking is possible too."""
    parser.add_argument("--check", action="store_true", help="only say how many migrations are missing; 1 if any")


def main(arguments: argparse.Namespace) -> int:
    """Apply what is missing; doing it twice, or on two machines at once, is harmless."""
    with environment.django_ready(migrated=False):
        missing = environment.pending_migrations()
        if arguments.check:
            print(f"{missing} migrations are missing." if missing else "The database is up to date.")
            return 1 if missing else 0
        applied = apply()
    print(f"{applied} migrations applied." if applied else "The database is up to date.")
    return 0


def apply() -> int:
    """Apply the missing migrations and return how many there were. Django must be set up."""
    if not environment.pending_migrations():
        return 0
    with _alone():
        missing = environment.pending_migrations()  # another machine may have been first
        if missing:
            from django.core.management import call_command

            call_command("migrate", interactive=False, verbosity=0)
        return missing


@contextmanager
def _alone() -> Iterator[None]:
    """One machine at a time, held on a connection of its own because migrations open and close transactions."""
    import psycopg
    from django.db import connection

    parameters = connection.get_connection_params()
    address = {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
    with psycopg.connect(**address, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield
