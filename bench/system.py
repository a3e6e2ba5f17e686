"""A whole Amends of its own for a measurement: embedded PostgreSQL, web processes, worker; nothing of the user's is touched."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class System:
    """A running system and how to reach it."""

    data: Path
    port: int
    smtp_port: int
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str, **extra: str) -> subprocess.Popen[bytes]:
        """Start an `amends` subcommand."""
        log = (self.data / f"{command[0]}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "amends.cli.main", *command],
            env={**self.environment, **extra},
            stdout=log,
            stderr=log,
        )
        log.close()
        self.processes.append(process)
        return process

    def run(self, *command: str) -> str:
        """Run an `amends` subcommand to its end and give what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "amends.cli.main", *command],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def wait_for_page(self, path: str = "/healthz", seconds: float = 60) -> float:
        """Seconds until the page answers 200."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return time.monotonic() - began
            time.sleep(0.02)
        raise TimeoutError(f"{path} did not answer within {seconds} s: see {self.data}")

    def stop(self) -> None:
        """End everything that was started."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)


@contextlib.contextmanager
def system(**extra: str) -> Iterator[System]:
    """A data folder, ports and an environment; removed at the end."""
    data = Path(tempfile.mkdtemp(prefix="amends-bench-"))
    port, smtp_port = free_port(), free_port()
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "AMENDS_SECRET_KEY", "AMENDS_BUILD", "AMENDS_TESTING")
        },
        "AMENDS_DATA": str(data),
        "AMENDS_PORT": str(port),
        "AMENDS_SMTP_PORT": str(smtp_port),
        "DEMO": "0",
        "PYTHONPATH": str(ROOT / "src"),
        **extra,
    }
    one = System(data, port, smtp_port, environment)
    try:
        yield one
    finally:
        one.stop()
        shutil.rmtree(data, ignore_errors=True)


def prepare_django(one: System) -> None:
    """Set Django up in this process on the system's database. The server must be attached already."""
    os.environ.update(one.environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "amends.config.settings"
    os.environ.setdefault("AMENDS_POOL_SIZE", "4")
    import django

    django.setup()


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def print_figures(figures: dict[str, Any]) -> None:
    """The figures as JSON, with what machine they were measured on."""
    cores = len(os.sched_getaffinity(0))
    print(json.dumps({**figures, "machine": {"cores": cores, "python": sys.version.split()[0]}}, indent=2))
