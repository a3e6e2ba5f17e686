"""A backup is worth what its restore is worth: real dumps, restored into real, other systems."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from amends.core.postgres import EmbeddedPostgres, running
from tests.faults.running import amends, processes_of

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def original() -> Iterator[tuple[Path, Path]]:
    """A system with one token in it, and its backup."""
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        Path(folder).chmod(0o755)
        data = Path(folder) / "data"
        assert amends(data, "migrate").returncode == 0
        made = amends(data, "token", "create", "--name", "in the backup", "--scope", "intake,read")
        assert made.returncode == 0, made.stderr
        (data / "files").mkdir()
        (data / "files" / "proof.bin").write_bytes(bytes(range(256)))
        backup = Path(folder) / "backup.tar"
        saved = amends(data, "backup", "--to", str(backup))
        assert saved.returncode == 0, saved.stderr
        yield data, backup


@pytest.fixture
def other() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "data"
        EmbeddedPostgres(Path(folder) / "data").stop()


def token_names(data: Path) -> list[str]:
    with running(data) as url, psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM accounts_apitoken ORDER BY name")]


def test_a_backup_brings_everything_back_in_an_empty_place(original: tuple[Path, Path], other: Path) -> None:
    data, backup = original
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert not list(backup.parent.glob(".amends-backup-*"))
    restored = amends(other, "restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    assert token_names(other) == ["in the backup"]
    assert (other / "files" / "proof.bin").read_bytes() == bytes(range(256))
    assert (other / "secret.key").read_text() == (data / "secret.key").read_text()
    assert amends(other, "migrate", "--check").returncode == 0
    whole = amends(other, "audit", "verify")
    assert whole.returncode == 0, whole.stdout
    assert not processes_of(other)
    assert not list(other.glob("restore-*"))


def test_a_restore_over_something_needs_to_be_told_and_then_replaces_all_of_it(
    original: tuple[Path, Path], other: Path
) -> None:
    _data, backup = original
    assert amends(other, "migrate").returncode == 0
    assert amends(other, "token", "create", "--name", "newer", "--scope", "read").returncode == 0
    with running(other) as url, psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE of_a_later_release (id integer, token_id bigint REFERENCES accounts_apitoken)")

    refused = amends(other, "restore", str(backup))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert token_names(other) == ["newer"]

    replaced = amends(other, "restore", str(backup), "--replace")
    assert replaced.returncode == 0, replaced.stderr
    assert token_names(other) == ["in the backup"]
    with running(other) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('of_a_later_release')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda content: content[: len(content) // 2], "no whole backup|cut off"),
        (lambda content: b"", "no whole backup"),
        (lambda content: b"not a tar " * 5000, "no whole backup"),
        (lambda content: content.replace(b"PGDMP", b"PGDMQ", 1), "“database.dump” is damaged"),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_changes(
    original: tuple[Path, Path], other: Path, spoil: object, says: str
) -> None:
    _data, backup = original
    assert amends(other, "migrate").returncode == 0
    assert amends(other, "token", "create", "--name", "mine", "--scope", "read").returncode == 0
    damaged = other / "damaged.tar"
    damaged.write_bytes(spoil(backup.read_bytes()))  # type: ignore[operator]  # a lambda of the table above
    refused = amends(other, "restore", str(damaged), "--replace")
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 1
    assert any(words in refused.stderr for words in says.split("|")), refused.stderr
    assert token_names(other) == ["mine"]


def test_an_existing_file_is_never_overwritten_by_a_backup(original: tuple[Path, Path]) -> None:
    data, backup = original
    copy = backup.with_name("copy.tar")
    shutil.copy(backup, copy)
    refused = amends(data, "backup", "--to", str(copy))
    assert refused.returncode == 1
    assert "exists already" in refused.stderr
    assert copy.read_bytes() == backup.read_bytes()
