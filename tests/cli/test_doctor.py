"""The doctor names what is wrong on real systems: a new one, a stopped one, a running one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from amends.cli import checks, doctor, environment
from amends.cli.findings import Finding, Level, good
from amends.core.postgres import EmbeddedPostgres
from tests.faults.running import RunningSystem, amends, wait_until

pytestmark = pytest.mark.processes


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="am-") as made:
        Path(made).chmod(0o755)
        yield Path(made)
        EmbeddedPostgres(Path(made) / "data").stop()


def wrong(said: str) -> list[str]:
    return [line.removeprefix(Level.BAD).strip() for line in said.splitlines() if line.startswith(Level.BAD)]


def test_a_new_system_lacks_migrations_and_a_stopped_one_its_processes(folder: Path) -> None:
    data = folder / "data"
    new = amends(data, "doctor")
    assert new.returncode == 1
    assert len(wrong(new.stdout)) == 1
    assert "amends migrate" in new.stdout

    assert amends(data, "migrate").returncode == 0
    (data / "secret.key").chmod(0o644)
    stopped = amends(data, "doctor", "--quiet", AMENDS_PORT="9", AMENDS_SMTP_PORT="9")
    assert stopped.returncode == 1
    expected = ("secret.key", "No worker runs", "No web server answers on port 9", "No mail listener answers on port 9")
    assert [any(words in line for line in wrong(stopped.stdout)) for words in expected] == [True] * 4
    assert len(stopped.stdout.splitlines()) == len(expected) + 1  # --quiet leaves out what is well


def test_a_running_system_is_well_and_its_doctor_leaves_it_so(folder: Path) -> None:
    system = RunningSystem(folder / "data")
    try:
        system.start()
        ports = {"AMENDS_PORT": str(system.port), "AMENDS_SMTP_PORT": str(system.smtp_port)}
        wait_until(lambda: system.query("SELECT 1 FROM procrastinate_workers"), 30, "a worker's sign of life")
        examined = amends(system.data, "doctor", **ports)
        assert examined.returncode == 0, examined.stdout
        assert not wrong(examined.stdout)
        assert "Nobody can sign in yet" in examined.stdout
        assert system.get("/readyz") == 200
        assert system.stop() == 0
    finally:
        system.clean_up()


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    def broken(_where: environment.Environment) -> Iterator[Finding]:
        yield good("so far")
        raise RuntimeError("the disk is on fire")

    where = environment.read({"AMENDS_DATA": str(tmp_path)})
    found = list(doctor._answers([broken, checks.python_version], where))
    assert [finding.level for finding in found] == [Level.GOOD, Level.BAD, Level.GOOD]
    assert "the disk is on fire" in found[1].what
