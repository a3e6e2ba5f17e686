"""What the environment says, and the two things every command needs from it: a database and Django.

    AMENDS_DATA           folder of everything that is kept outside of the database (default `var`, made when missing)
    AMENDS_HOST           address that the web server listens on (127.0.0.1)
    AMENDS_PORT           its port (8000)
    AMENDS_SMTP_HOST      address of the mail listener (127.0.0.1)
    AMENDS_SMTP_PORT      its port (2525)
    AMENDS_WEB_PROCESSES  number of web processes under `amends run` (1)
    AMENDS_WORKER_PROCESSES  number of worker processes under `amends run` (as many as cores, at most 2)
    DEMO                  0: an empty system instead of the demo company
    DATABASE_URL          a PostgreSQL of your own; without it the embedded one is used

`django_ready()` is the door for commands that work on the system's data.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from amends.cli import supervised
from amends.cli.errors import CommandError

SETTINGS_MODULE: Final = "amends.config.settings"
NO: Final = {"0", "no", "false", "off"}
CONNECT_SECONDS: Final = 5
MOST_WORKERS: Final = 2
"""Worker processes by default: each needs about 80 MB, and one cannot use more than one core."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment's values, checked. `database_url` is None when the embedded PostgreSQL is to be used."""

    data: Path
    host: str
    port: int
    smtp_host: str
    smtp_port: int
    web_processes: int
    worker_processes: int
    demo: bool
    database_url: str | None


def read(variables: Mapping[str, str] | None = None) -> Environment:
    """Read and check the variables.

    Raises:
        CommandError: a value is not what it should be.
    """
    given = os.environ if variables is None else variables
    return Environment(
        data=Path(given.get("AMENDS_DATA") or "var").absolute(),
        host=given.get("AMENDS_HOST") or "127.0.0.1",
        port=_number(given, "AMENDS_PORT", 8000, 65535),
        smtp_host=given.get("AMENDS_SMTP_HOST") or "127.0.0.1",
        smtp_port=_number(given, "AMENDS_SMTP_PORT", 2525, 65535),
        web_processes=_number(given, "AMENDS_WEB_PROCESSES", 1, 64),
        worker_processes=_number(given, "AMENDS_WORKER_PROCESSES", min(_cores(), MOST_WORKERS), 64),
        demo=(given.get("DEMO") or "1").strip().lower() not in NO,
        database_url=_database_url(given.get("DATABASE_URL")),
    )


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _number(given: Mapping[str, str], name: str, default: int, highest: int) -> int:
    value = (given.get(name) or str(default)).strip()
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= highest):
        raise CommandError(f"{name} is “{value}”: give it a whole number from 1 to {highest}.")
    return int(value)


def _database_url(value: str | None) -> str | None:
    if not value:
        return None
    if not value.startswith(("postgresql://", "postgres://")):
        raise CommandError(
            "DATABASE_URL does not name a PostgreSQL: write postgresql://user:password@host:5432/database."
        )
    return value


@contextlib.contextmanager
def database(environment: Environment) -> Iterator[str]:
    """The address of a database that answers, for the length of the block; DATABASE_URL is set as long.

    Raises:
        CommandError: it cannot be reached.
        PostgresUnavailableError: the embedded one cannot be started.
    """
    make_data_folder(environment.data)
    os.environ["AMENDS_DATA"] = str(environment.data)
    if environment.database_url is not None:
        check_reachable(environment.database_url)
        yield environment.database_url
        return
    from amends.core import postgres  # psycopg takes a tenth of a second, which commands without a database can spare

    with postgres.running(environment.data) as url, _variable("DATABASE_URL", url):
        yield url


@contextlib.contextmanager
def django_ready(*, migrated: bool = True, warm_up: Callable[[], object] | None = None) -> Iterator[Environment]:
    """A database that answers, the secret key, and Django set up. Leaves the embedded server again at the end.

    With `migrated` it waits for the supervisor's word, if there is one, and then refuses to work on a database that
    lacks a migration. `warm_up` is called before that wait: what takes long to import, for example.
    """
    environment = read()
    with database(environment):
        prepare_variables(environment)
        import django

        django.setup()
        if warm_up is not None:
            warm_up()
        if migrated:
            supervised.wait_for_go()
            if pending_migrations():
                raise CommandError("The database is not up to date: run `amends migrate` first.")
        try:
            yield environment
        finally:
            close_connections()


def close_connections() -> None:
    """Close Django's connections and the threads of its pool, which would keep the embedded server waiting."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


def prepare_variables(environment: Environment) -> None:
    """Set the variables that the settings module reads."""
    os.environ["AMENDS_DATA"] = str(environment.data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    if not os.environ.get("AMENDS_SECRET_KEY"):
        secret_key(environment.data)  # made and checked here; the settings read it from the same file
    (environment.data / "static").mkdir(exist_ok=True)  # the settings name it, and a missing one gives a warning
    metrics = environment.data / "metrics"
    metrics.mkdir(mode=0o700, exist_ok=True)  # emptied by `amends run`
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(metrics))


def pending_migrations() -> int:
    """How many migrations are still to be applied. Django must be set up."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def make_data_folder(data: Path) -> None:
    """Make the data folder when it is missing and check that it can be written."""
    from amends.core.postgres_files import ClusterFiles

    ClusterFiles(data).make_data_folder()


def secret_key(data: Path) -> str:
    """The key that signs sessions and links: made once, readable by its owner alone, part of every backup."""
    path = data / "secret.key"
    fresh = data / f"secret.key.{os.getpid()}"
    if not path.exists():
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(50) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # a process that started with us was first; its key counts
            os.link(fresh, path)
        fresh.unlink()
    try:
        key = path.read_text(encoding="ascii").strip()
    except PermissionError:
        raise CommandError(f"{path} cannot be read: start Amends as the user who made it.") from None
    except UnicodeDecodeError:
        key = ""
    if len(key) < 50:
        raise CommandError(f"{path} is damaged: put back a whole copy, or remove it, which signs everybody out.")
    return key


def check_reachable(url: str) -> None:
    """One connection, so that a wrong address is said in one sentence and not in a hundred lines."""
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = (str(error).strip().splitlines() or ["no reason given"])[-1].strip().removeprefix("- ")
        raise CommandError(
            f"The database at {address_without_secrets(url)} cannot be reached ({reason}): "
            "start it, or correct DATABASE_URL."
        ) from None
    if version < 150000:
        raise CommandError(f"The database is PostgreSQL {version // 10000}: Amends needs 15 or newer.")


def address_without_secrets(url: str) -> str:
    """Host, port and database of a URL, without user and password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", ["the local socket"])[0]
        return f"{host}:{parts.port or 5432}{parts.path}"
    except ValueError:
        return "that address"


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Set for as long as it is true: a child that needs the embedded server attaches to it by itself."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
