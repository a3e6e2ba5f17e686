"""The command `amends`: finding subcommands, refusing in one sentence, reading the environment."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from amends.cli import children, environment, main, web
from amends.cli.errors import CommandError
from tests.faults.running import SOURCE, amends, command_environment

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def test_help_lists_every_command_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name in main.COMMANDS:
        if main._module(name) is not None:
            lines = [line for line in shown.splitlines() if line.split()[:1] == [name]]
            assert len(lines) == 1, name
            assert len(lines[0].split()) > 2


def test_an_unknown_command_is_refused_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["complain"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_filters_start_without_django_or_a_database() -> None:
    script = (
        "import sys; import amends.cli.main as m; m.main(['--version'])\n"
        "assert not {'django', 'psycopg'} & set(sys.modules)"
    )
    subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(SOURCE)}, check=True, capture_output=True
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AMENDS_PORT", "http"),
        ("AMENDS_PORT", "0"),
        ("AMENDS_PORT", "70000"),
        ("AMENDS_SMTP_PORT", "-1"),
        ("AMENDS_SMTP_PORT", "²"),
        ("AMENDS_WEB_PROCESSES", "1000"),
        ("AMENDS_WORKER_PROCESSES", "0"),
        ("DATABASE_URL", "mysql://somewhere/else"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(CommandError, match=variable):
        environment.read({variable: value})


def test_without_variables_the_defaults_are_those_of_the_documentation() -> None:
    found = environment.read({})
    assert (found.host, found.port, found.smtp_port, found.demo) == ("127.0.0.1", 8000, 2525, True)
    assert found.data == Path("var").absolute()
    assert found.database_url is None
    assert environment.read({"DEMO": "0"}).demo is False


def test_an_unreachable_database_is_said_in_one_sentence_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://amends:very-secret@127.0.0.1:9/amends"
    for command in (["run"], ["migrate"], ["doctor"]):
        refused = amends(tmp_path / "data", *command, DATABASE_URL=url)
        said = (refused.stderr + refused.stdout).strip()
        assert refused.returncode == 1
        assert "127.0.0.1:9/amends cannot be reached" in said
        assert "very-secret" not in said
        assert "Traceback" not in said


def test_the_secret_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first = environment.secret_key(tmp_path)
    assert environment.secret_key(tmp_path) == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.key"]
    (tmp_path / "secret.key").write_text("short")
    with pytest.raises(CommandError, match="damaged"):
        environment.secret_key(tmp_path)


@as_root
def test_a_folder_of_somebody_else_is_refused_in_one_sentence() -> None:
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        Path(folder).chmod(0o755)
        program = f"import os; os.setgid(65534); os.setuid(65534); import sys; sys.path.insert(0, {str(SOURCE)!r}); "
        program += "from amends.cli.main import main; sys.exit(main(['migrate']))"
        refused = subprocess.run(
            [sys.executable, "-c", program],
            env=command_environment(Path(folder) / "data"),
            capture_output=True,
            text=True,
            check=False,
        )
        if "No module named" in refused.stderr or "Permission denied" in refused.stderr:
            pytest.skip("the source or the environment itself is in a folder closed to other users")
        assert refused.returncode == 1
        assert refused.stderr.startswith("amends: The data folder")
        assert len(refused.stderr.strip().splitlines()) == 1


def test_an_address_that_is_none_of_this_machine_names_its_variable() -> None:
    with pytest.raises(CommandError, match="AMENDS_SMTP_HOST"):
        web.listen("no such host", 2525, variable="AMENDS_SMTP_PORT")
    with pytest.raises(CommandError, match="cannot be used"):
        web.listen("203.0.113.7", 8000)  # set aside for documentation: nobody's


def test_pauses_before_restarts_double_up_to_half_a_minute() -> None:
    assert [children.pause_before(count) for count in (0, 1, 2, 3, 10, 10_000)] == [0.5, 1.0, 2.0, 4.0, 30.0, 30.0]


def test_exec_gives_a_program_the_database_and_returns_its_exit_code(tmp_path: Path) -> None:
    script = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).close(); raise SystemExit(7)"
    with tempfile.TemporaryDirectory(prefix="am-") as folder:
        done = amends(Path(folder) / "data", "exec", sys.executable, "-c", script)
    assert done.returncode == 7, done.stderr
