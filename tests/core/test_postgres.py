"""The embedded PostgreSQL with real servers, each in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from amends.core import postgres, postgres_files
from amends.core.postgres import EmbeddedPostgres, PostgresUnavailableError, running

pytestmark = pytest.mark.processes
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try what root does")
SOURCE = Path(postgres.__file__).parents[2]


@pytest.fixture(scope="module")
def blank_cluster() -> Iterator[Path]:
    """A cluster made once; each test works on a copy, because initdb is the slow part."""
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        data = Path(folder) / "data"
        with running(data):
            pass
        Path(folder).chmod(0o755)
        yield data


@pytest.fixture
def data(blank_cluster: Path) -> Iterator[Path]:
    """A data folder with a cluster in it; whatever still runs at the end is stopped."""
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        Path(folder).chmod(0o755)
        target = Path(folder) / "data"
        subprocess.run(["cp", "-a", str(blank_cluster), str(target)], check=True)
        shutil.rmtree(target / "postgres.socket")
        yield target
        EmbeddedPostgres(target).stop()


def write(url: str, value: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (value text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [value])


def read(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT value FROM kept ORDER BY value")]


def is_gone(process_id: int, cluster: Path) -> bool:
    return not postgres_files.is_postgres(process_id, cluster)


def test_what_was_written_is_there_after_a_stop_and_a_start(data: Path) -> None:
    server = EmbeddedPostgres(data)
    write(server.attach(), "kept")
    first = server.process_id()
    server.leave()
    assert first is not None
    assert is_gone(first, server.files.cluster)
    with running(data) as url:
        assert read(url) == ["kept"]


def test_the_server_is_durable_and_listens_on_no_network(data: Path) -> None:
    with running(data) as url, psycopg.connect(url) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]  # SHOW has a row
            for name in ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses", "server_encoding")
        }
        connection.execute("SELECT 'a' % 'b', '[1,2]'::vector")
    assert shown == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
    }


def test_the_role_of_the_application_is_no_superuser_and_needs_its_password(data: Path) -> None:
    with running(data) as url:
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("COPY (SELECT 1) TO PROGRAM 'true'")
        without = url.replace(postgres_files.ClusterFiles(data).passwords()["amends"], "guessed")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(without)


def test_what_customers_wrote_does_not_get_into_the_log_of_the_server(data: Path) -> None:
    with running(data) as url:
        write(url, "once")
        with psycopg.connect(url) as connection:
            with pytest.raises(psycopg.DataError), connection.transaction():
                connection.execute("SELECT 'My kettle burns'::integer")
            connection.execute("CREATE UNIQUE INDEX kept_once ON kept (value)")
            with pytest.raises(psycopg.errors.UniqueViolation), connection.transaction():
                connection.execute("INSERT INTO kept VALUES ('once')")
    log = (data / "postgres.log").read_text()
    assert "ready to accept connections" in log
    assert "kettle" not in log
    assert "once" not in log


def test_secrets_sockets_and_files_are_closed_to_others(data: Path) -> None:
    with running(data):
        for name in ("postgres-passwords.json", "postgres", "postgres.socket", "postgres.log"):
            assert stat.S_IMODE((data / name).stat().st_mode) & 0o077 == 0, name


def test_a_second_user_shares_the_server_and_the_last_one_stops_it(data: Path) -> None:
    first, second = EmbeddedPostgres(data), EmbeddedPostgres(data)
    assert first.attach() == second.attach()
    process_id = first.process_id()
    assert process_id is not None
    assert second.process_id() == process_id
    first.leave()
    first.leave()
    assert second.process_id() == process_id
    write(second.url(), "still here")
    second.leave()
    assert is_gone(process_id, second.files.cluster)


def test_two_commands_that_start_at_once_start_one_server(data: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from amends.core.postgres import EmbeddedPostgres\n"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.attach(); print(server.process_id(), flush=True)\n"
        "sys.stdin.read(); server.leave()"
    )
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(data)],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert all(command.stdout for command in commands)
    numbers = {int(command.stdout.readline()) for command in commands if command.stdout}
    assert len(numbers) == 1
    for command in commands:
        command.communicate("", timeout=60)
        assert command.returncode == 0
    assert is_gone(numbers.pop(), postgres_files.ClusterFiles(data.resolve()).cluster)


def test_a_server_killed_the_hard_way_is_recovered_with_everything_committed(data: Path) -> None:
    server = EmbeddedPostgres(data)
    write(server.attach(), "committed before the kill")
    process_id = server.process_id()
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    assert wait_until(lambda: server.process_id() is None)
    assert server.ensure_running() is True
    assert server.ensure_running() is False
    assert read(server.url()) == ["committed before the kill"]
    server.leave()


def test_a_command_killed_the_hard_way_leaves_a_server_that_the_next_one_takes_over(data: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from amends.core.postgres import EmbeddedPostgres\n"
        "EmbeddedPostgres(Path(sys.argv[1])).attach(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(data)], env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    server = EmbeddedPostgres(data)
    left_behind = server.process_id()
    assert left_behind is not None
    write(server.attach(), "taken over")
    assert server.process_id() == left_behind
    server.leave()
    assert is_gone(left_behind, server.files.cluster)


def test_a_leftover_process_file_with_the_number_of_a_stranger_does_not_stop_the_start(data: Path) -> None:
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        process_file = data / "postgres" / "postmaster.pid"
        leftover = f"{stranger.pid}\n{data}/postgres\n1\n5432\n{data}\n\n 1 1\nready   \n"
        process_file.write_text(leftover)
        EmbeddedPostgres(data).files.make_socket_folder((data / "postgres").stat().st_uid)
        (data / "postgres.socket" / ".s.PGSQL.5432.lock").write_text(leftover)
        with running(data) as url:
            write(url, "started")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_interrupted_creation_is_begun_again() -> None:
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        half = Path(folder) / "postgres.new"
        half.mkdir()
        (half / "PG_VERSION").write_text("18")
        with running(Path(folder)) as url:
            write(url, "whole")
        assert not half.exists()
        assert not list(Path(folder).glob("postgres-password-*"))


def test_a_very_long_path_gets_a_short_socket() -> None:
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        data = Path(folder) / ("long" * 30) / 'with "quotes", commas and spaces'
        with running(data) as url:
            write(url, "reachable")
        files = postgres_files.ClusterFiles(data)
        assert len(str(files.socket_folder)) < 60
        shutil.rmtree(files.socket_folder)


def test_a_stranger_in_the_place_of_the_socket_is_refused(data: Path) -> None:
    (data / "postgres.socket").symlink_to("/tmp")
    with pytest.raises(PostgresUnavailableError, match="does not belong to the database alone"):
        EmbeddedPostgres(data).attach()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: (data / "postgres" / "PG_VERSION").write_text("13\n"), "made by PostgreSQL 13"),
        (lambda data: (data / "postgres" / "PG_VERSION").unlink(), "holds no database"),
        (lambda data: (data / "postgres-passwords.json").write_text("{"), "is damaged"),
        (lambda data: (data / "postgres-passwords.json").unlink(), "does not belong to this database"),
        (lambda data: (data / "postgres" / "postgresql.conf").write_text("nonsense = 1\n"), "did not start"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(data: Path, spoil: object, says: str) -> None:
    spoil(data)  # type: ignore[operator]  # a lambda of the table above
    with pytest.raises(PostgresUnavailableError, match=says) as caught:
        EmbeddedPostgres(data).attach()
    assert "\n" not in str(caught.value)


def test_a_data_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PostgresUnavailableError, match="AMENDS_DATA"):
        EmbeddedPostgres(tmp_path / "file" / "data").attach()


@as_root
def test_root_starts_it_as_another_user_even_below_a_closed_folder() -> None:
    with tempfile.TemporaryDirectory(prefix="am-", dir="/root") as folder:
        assert Path("/root").stat().st_mode & 0o077 == 0 or Path(folder).stat().st_mode & 0o077 == 0
        data = Path(folder) / "data"
        with running(data) as url:
            write(url, "below a closed folder")
            process_id = EmbeddedPostgres(data).process_id()
            assert Path(f"/proc/{process_id}").stat().st_uid == postgres.SERVER_USER_ID
            effective = Path(f"/proc/{process_id}/status").read_text().split("CapEff:")[1].split()[0]
            assert int(effective, 16) in {1 << 2, 1 << 1}  # one capability, not the whole of root


@as_root
def test_root_starts_programs_that_are_themselves_in_a_closed_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    package = postgres.binaries().parents[1]
    with tempfile.TemporaryDirectory(prefix="am-", dir="/root") as folder:
        Path(folder).chmod(0o700)
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.parent / name, Path(folder) / name, ignore=shutil.ignore_patterns("include", "*.a"))
        programs = Path(folder) / package.name / "pginstall" / "bin"
        programs.chmod(0o700)  # what a strict umask makes
        (programs / "postgres").chmod(0o700)
        monkeypatch.setattr(postgres, "binaries", lambda: programs)
        with running(Path(folder) / "data") as url:
            write(url, "reached")
            assert read(url) == ["reached"]


@as_root
def test_root_gives_the_server_no_capability_where_none_is_needed(data: Path) -> None:
    programs = postgres.binaries()
    if not postgres_files.can_reach(programs, postgres.SERVER_USER_ID):
        pytest.skip("the programs themselves are in a closed folder here")
    with running(data):
        process_id = EmbeddedPostgres(data).process_id()
        effective = Path(f"/proc/{process_id}/status").read_text().split("CapEff:")[1].split()[0]
        assert int(effective, 16) == 0


@as_root
def test_root_in_the_folder_of_an_ordinary_user_leaves_it_usable_for_them() -> None:
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        os.chown(folder, 65534, 65534)
        data = Path(folder)
        with running(data) as url:
            write(url, "by root")
        assert (data / "postgres").stat().st_uid == 65534


def wait_until(condition: object, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]  # any callable
            return True
        time.sleep(0.02)
    return False
