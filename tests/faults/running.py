"""A real `amends run` for the tests, on free ports with a data folder of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from amends.core.postgres_files import ClusterFiles

SOURCE = Path(__file__).parents[2] / "src"
SETTINGS_THAT_WOULD_INTERFERE = (
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "AMENDS_BUILD",
    "AMENDS_TESTING",
    "AMENDS_SECRET_KEY",
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def command_environment(data: Path, **variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS_THAT_WOULD_INTERFERE}
    return {**kept, "AMENDS_DATA": str(data), "DEMO": "0", "PYTHONPATH": str(SOURCE), **variables}


def amends(data: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """One command of Amends, waited for."""
    return subprocess.run(
        [sys.executable, "-m", "amends.cli.main", *words],
        env=command_environment(data, **variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def processes_of(data: Path) -> dict[int, str]:
    """Every living process that works on this data folder, with its command line."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            variables = (folder / "environ").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if command and (f"{data}/postgres" in command or f"AMENDS_DATA={data}".encode() in variables):
            found[int(folder.name)] = command
    return found


class RunningSystem:
    """`amends run` as a child process."""

    def __init__(self, data: Path, **variables: str) -> None:
        self.data = data
        self.port, self.smtp_port = free_port(), free_port()
        self.variables = variables
        self.output: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Start it and wait for the first page. Returns the seconds that took."""
        began = time.monotonic()
        self.output.clear()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "amends.cli.main", "run"],
            env=command_environment(
                self.data, AMENDS_PORT=str(self.port), AMENDS_SMTP_PORT=str(self.smtp_port), **self.variables
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self.process,))
        self._reader.start()
        wait_until(lambda: self.says("Amends is ready") or self.process_has_ended(), 90, "the start")
        assert not self.process_has_ended(), "".join(self.output)
        assert self.get("/healthz") == 200
        return time.monotonic() - began

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.output.extend(iter(process.stdout.readline, ""))

    def says(self, *words: str) -> bool:
        return any(all(one in line for one in words) for line in self.output)

    def process_has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def get(self, path: str) -> int:
        """The status of a page, 0 when there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def child(self, name: str) -> int:
        """The process id of a child (`web`, `worker`, `mail`, `postgres`), 0 when there is none."""
        return next(iter(self.children(name)), 0)

    def children(self, name: str) -> list[int]:
        """The process ids of all children of this name."""
        ending = f"{self.data}/postgres.socket" if name == "postgres" else f"amends.cli.main {name}"
        return [number for number, command in processes_of(self.data).items() if command.endswith(ending)]

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        files = ClusterFiles(self.data)
        with psycopg.connect(files.url(user="amends", database="amends")) as connection:
            return connection.execute(statement.encode()).fetchall()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self._reader.join(timeout=30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def clean_up(self) -> None:
        """End whatever a failed test left, and show what the system said (pytest prints it with a failure)."""
        print("".join(self.output))
        for number in processes_of(self.data):
            if number != os.getpid():
                try:
                    os.kill(number, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        if self.process is not None:
            self.process.wait(timeout=30)
            self._reader.join(timeout=30)
            if self.process.stdout is not None:
                self.process.stdout.close()
