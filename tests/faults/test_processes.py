"""`amends run` with real processes: started, killed in every way, and started again."""

from __future__ import annotations

import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.running import RunningSystem, amends, processes_of, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture
def system() -> Iterator[RunningSystem]:
    with tempfile.TemporaryDirectory(prefix="am-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        running = RunningSystem(Path(folder) / "data")
        yield running
        running.clean_up()


def nothing_runs(system: RunningSystem) -> bool:
    return not processes_of(system.data)


def test_a_start_a_clean_end_and_a_second_start_that_keeps_everything(system: RunningSystem) -> None:
    system.start()
    assert system.says(f"http://127.0.0.1:{system.port}/")
    assert system.get("/readyz") == 200
    assert all(system.child(name) for name in ("web", "worker", "postgres"))
    made = amends(system.data, "token", "create", "--name", "kept", "--scope", "intake")
    assert made.returncode == 0, made.stderr

    assert system.stop(signal.SIGTERM) == 0
    assert nothing_runs(system)
    system.start()  # bench/start says how long that takes; a test under load cannot
    assert system.query("SELECT name FROM accounts_apitoken") == [("kept",)]

    assert system.stop(signal.SIGINT) == 0  # what Ctrl-C sends
    assert nothing_runs(system)


@pytest.mark.parametrize("name", ["web", "worker", "postgres"])
def test_a_part_that_is_killed_comes_back_by_itself(system: RunningSystem, name: str) -> None:

    def again(now: list[int]) -> bool:
        return len(now) == len(before) and before[0] not in now

    system.start()
    amends(system.data, "token", "create", "--name", "before the kill", "--scope", "read")
    before = system.children(name)
    os.kill(before[0], signal.SIGKILL)
    wait_until(lambda: again(system.children(name)), 20, f"another {name} process")
    wait_until(lambda: system.get("/readyz") == 200, 20, "readiness")
    assert system.query("SELECT name FROM accounts_apitoken") == [("before the kill",)]
    if name == "postgres":
        assert system.says("The embedded database had died")
    else:  # of several workers each has its number
        assert system.says(f"The {name}", "process was killed by signal 9")
    wait_until(lambda: system.child("worker"), 20, "a worker")
    assert system.stop() == 0
    assert nothing_runs(system)


def test_a_killed_supervisor_takes_everything_with_it_and_the_next_start_is_clean(system: RunningSystem) -> None:
    system.start()
    amends(system.data, "token", "create", "--name", "kept", "--scope", "read")
    assert system.stop(signal.SIGKILL) == -signal.SIGKILL
    system.start()  # at once: it waits for the leftovers by itself
    assert system.query("SELECT name FROM accounts_apitoken") == [("kept",)]
    assert system.stop(signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: nothing_runs(system), 30, "the end of what the supervisor had started")


def test_everything_killed_at_once_is_a_clean_next_start(system: RunningSystem) -> None:
    system.start()
    amends(system.data, "token", "create", "--name", "kept", "--scope", "read")
    for number in processes_of(system.data):
        os.kill(number, signal.SIGKILL)
    wait_until(lambda: nothing_runs(system), 20, "the end of everything")
    assert system.stop() == -signal.SIGKILL
    system.start()
    assert system.query("SELECT name FROM accounts_apitoken") == [("kept",)]
    assert system.stop() == 0


def test_a_command_beside_the_running_system_shares_its_database_and_leaves_it_running(system: RunningSystem) -> None:
    system.start()
    server = system.child("postgres")
    assert amends(system.data, "migrate", "--check").returncode == 0
    assert amends(system.data, "audit", "verify").returncode == 0
    assert system.child("postgres") == server
    assert system.stop() == 0


def one_sentence(text: str) -> bool:
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("amends: ") and "Traceback" not in text


def test_two_systems_on_one_folder_or_one_port_are_refused_in_one_sentence(system: RunningSystem) -> None:
    system.start()
    again = amends(system.data, "run", AMENDS_PORT=str(system.port))
    assert again.returncode == 1
    assert one_sentence(again.stderr)
    assert "already runs" in again.stderr
    with tempfile.TemporaryDirectory(prefix="am-") as other:
        same_port = amends(Path(other), "run", AMENDS_PORT=str(system.port))
        assert same_port.returncode == 1
        assert one_sentence(same_port.stderr)
        assert f"AMENDS_PORT={system.port + 1}" in same_port.stderr
        assert not processes_of(Path(other))
    assert system.get("/healthz") == 200
    assert system.stop() == 0


def test_a_taken_mail_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        refused = amends(tmp_path / "data", "run", AMENDS_SMTP_PORT=str(number))
    assert refused.returncode == 1
    assert one_sentence(refused.stderr)
    assert "AMENDS_SMTP_PORT" in refused.stderr
