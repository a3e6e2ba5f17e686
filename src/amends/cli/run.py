"""`amends run`: everything on one machine, in the foreground, until Ctrl-C or SIGTERM.

Order: data folder, only one of us, ports, database; then the web, worker and mail processes load their code while
another process brings the database up to date; then they get the word to go. A process that dies is started again,
the embedded database too. If this process itself is killed, the others notice (cli.supervised) and end, and the last
of them stops the embedded database (core.postgres).
"""

from __future__ import annotations

import argparse
import fcntl
import http.client
import importlib.util
import os
import shutil
import signal
import sys
import threading
import time
from types import FrameType
from typing import IO, TYPE_CHECKING, Final

from amends.cli import environment
from amends.cli.children import END_SECONDS, Child
from amends.cli.errors import CommandError
from amends.cli.web import SOCKET_VARIABLE, listen

if TYPE_CHECKING:
    import socket

    from amends.core.postgres import EmbeddedPostgres

SUMMARY = "run everything on this machine: database, pages, jobs, mail"
LEFTOVER_SECONDS: Final = 30.0
DATABASE_PAUSE_SECONDS: Final = 5.0
STARTS_BEFORE_GIVING_UP: Final = 3  # only before the first page; later a process may fail as often as it likes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: the environment says everything (see docs/how-to/run.md)."""
    del parser


def main(arguments: argparse.Namespace) -> int:
    """Run until told to end. 0 after a clean end; otherwise 1 and a sentence on stderr."""
    del arguments
    where = environment.read()
    if where.demo and not os.environ.get("AMENDS_RELAY_HOST"):
        # somebody who tries the demo company sees the letters without a mail server
        os.environ.setdefault("AMENDS_MAIL_FOLDER", str(where.data / "outgoing"))
    return Supervisor(where).run()


class Supervisor:
    """Owns the locks, the web server's socket, the embedded database and the child processes."""

    def __init__(self, where: environment.Environment) -> None:
        self.where: Final = where
        self._wake: Final = threading.Event()
        self._ending = False
        self._announced = False
        self._server: EmbeddedPostgres | None = None
        self._database_pause = 0.0
        self._children: list[Child] = []
        self._preparation: Child | None = None

    def run(self) -> int:
        """See the module."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._told_to_end)
        environment.make_data_folder(self.where.data)
        with self._only_one() as lock, self._leftovers_gone() as children_lock:
            lock.write(f"{os.getpid()}\n".encode())
            lock.flush()
            _say(f"Amends is starting; its data is in {self.where.data}")
            listen(self.where.smtp_host, self.where.smtp_port, variable="AMENDS_SMTP_PORT").close()
            with listen(self.where.host, self.where.port) as web_socket:
                try:
                    self._start(web_socket, children_lock)
                    return self._watch()
                finally:
                    self._end()

    # -- one at a time ----------------------------------------------------------------------------------------------

    def _only_one(self) -> IO[bytes]:
        lock = (self.where.data / "run.lock").open("a+b")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            number = lock.read(20).decode(errors="replace").strip() or "unknown"
            lock.close()
            raise CommandError(
                f"Amends already runs with the data folder {self.where.data} (process {number}): stop it first, or set "
                "AMENDS_DATA, AMENDS_PORT and AMENDS_SMTP_PORT to others."
            ) from None
        lock.truncate(0)
        return lock

    def _leftovers_gone(self) -> IO[bytes]:
        """A lock that our children inherit: whoever comes after a kill -9 waits here until the last of them is gone."""
        lock = (self.where.data / "run.children").open("ab")
        deadline = time.monotonic() + LEFTOVER_SECONDS
        told = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline or self._ending:
                    lock.close()
                    raise CommandError(
                        f"Processes of an earlier start still use {self.where.data}: end them "
                        "(`pgrep -f amends.cli.main` finds them), then start again."
                    ) from None
                if not told:
                    _say("Waiting for the processes of an earlier start to end.")
                    told = True
                time.sleep(0.1)
            else:
                return lock

    # -- starting ---------------------------------------------------------------------------------------------------

    def _start(self, web_socket: socket.socket, children_lock: IO[bytes]) -> None:
        shutil.rmtree(self.where.data / "metrics", ignore_errors=True)
        environment.prepare_variables(self.where)
        if sys.stderr.isatty():  # a person watches: one line for every request would hide what we say
            os.environ.setdefault("AMENDS_LOG_LEVEL", "WARNING")
        self._start_database()
        kept = (children_lock.fileno(),)
        web = {SOCKET_VARIABLE: str(web_socket.fileno())}
        descriptors = (*kept, web_socket.fileno())
        for number in range(self.where.web_processes):
            name = "web" if self.where.web_processes == 1 else f"web {number + 1}"
            self._children.append(Child(name, "web", variables=web, descriptors=descriptors))
        for number in range(self.where.worker_processes):
            name = "worker" if self.where.worker_processes == 1 else f"worker {number + 1}"
            self._children.append(Child(name, "worker", descriptors=kept))
        if importlib.util.find_spec("amends.cli.mail") is not None:
            self._children.append(Child("mail", "mail", descriptors=kept))
        self._preparation = Child("prepare", "prepare", descriptors=kept)
        self._preparation.start(go=True)
        for child in self._children:
            child.start(go=False)

    def _start_database(self) -> None:
        if self.where.database_url is not None:
            environment.check_reachable(self.where.database_url)
            return
        from amends.core.postgres import EmbeddedPostgres

        self._server = EmbeddedPostgres(self.where.data)
        self._server.attach()

    # -- watching ---------------------------------------------------------------------------------------------------

    def _watch(self) -> int:
        signal.signal(signal.SIGCHLD, lambda *_: self._wake.set())
        while not self._ending:
            self._look_after_database()
            if self._preparation is not None:
                code = self._preparation.ended()
                if code:
                    raise CommandError("The database could not be prepared; the lines above say why.")
                if code == 0:
                    self._preparation = None
                    for child in self._children:
                        child.go()
            for child in self._children:
                if (sentence := child.look_after()) is not None and not self._ending:
                    _say(sentence)
                if not self._announced and child.restarts > STARTS_BEFORE_GIVING_UP:
                    raise CommandError(f"The {child.name} process does not start; the lines above say why.")
            if self._preparation is None and not self._announced and self._answers():
                self._announce()
            self._wake.wait(1.0 if self._announced else 0.05)
            self._wake.clear()
        return 0

    def _look_after_database(self) -> None:
        from amends.core.postgres_files import PostgresUnavailableError

        if self._server is None or time.monotonic() < self._database_pause:
            return
        try:
            if self._server.ensure_running():
                _say("The embedded database had died; it was started again and nothing that was saved is lost.")
        except PostgresUnavailableError as problem:
            _say(str(problem))
            self._database_pause = time.monotonic() + DATABASE_PAUSE_SECONDS

    def _answers(self) -> bool:
        """Whether the first page can be had."""
        connection = http.client.HTTPConnection(self._reachable_host(), self.where.port, timeout=0.5)
        try:
            connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{self.where.port}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _reachable_host(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.where.host, self.where.host)  # noqa: S104  # compared only

    def _announce(self) -> None:
        self._announced = True
        address = f"http://{self._reachable_host()}:{self.where.port}"
        _say(f"Amends is ready: {address}/")
        if any(child.name == "mail" for child in self._children):
            _say(f"  Mail is taken at {self.where.smtp_host}:{self.where.smtp_port} (SMTP).")
        if folder := os.environ.get("AMENDS_MAIL_FOLDER"):
            _say(f"  Mail to customers is written to {folder}; with AMENDS_RELAY_HOST it is sent.")
        if not self.where.demo:
            _say("  The first page makes the administrator, if there is none yet.")
        _say("  Ctrl-C ends everything.")

    # -- ending -----------------------------------------------------------------------------------------------------

    def _told_to_end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending = True
        self._wake.set()

    def _end(self) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        children = [*self._children, *([self._preparation] if self._preparation else [])]
        for child in children:
            child.end()
        deadline = time.monotonic() + END_SECONDS
        for child in children:
            if not child.wait(deadline):
                _say(f"The {child.name} process did not end in {END_SECONDS:.0f} s and was killed.")
        if self._server is not None:
            self._server.leave()
        _say("Amends has ended.")


def _say(sentence: str) -> None:
    print(sentence, flush=True, file=sys.stdout)
