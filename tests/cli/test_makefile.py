"""`make run` on machines that lack something: one sentence that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of a clean checkout as it takes to come to the first question."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def make(checkout: Path, *words: str) -> tuple[int, list[str]]:
    """The exit code, and what was said besides make's own closing line."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "--no-print-directory", *words], cwd=checkout, env=kept, capture_output=True, text=True, check=False
    )
    return done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]


def test_no_python_or_an_old_one_is_said_in_one_sentence(checkout: Path) -> None:
    code, said = make(checkout, "run", "PYTHON=")
    assert code != 0
    assert len(said) == 1
    assert "Python 3.11" in said[0]


def test_a_python_without_venv_is_said_in_one_sentence(checkout: Path) -> None:
    code, said = make(checkout, "run", "PYTHON=/bin/false")
    assert code != 0
    assert len(said) == 1
    assert "python3-venv" in said[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(checkout: Path) -> None:
    checkout.chmod(0o555)
    code, said = make(checkout, "run")
    assert code != 0
    assert len(said) == 1
    assert "cannot be written" in said[0]


def test_every_target_of_the_readme_exists() -> None:
    for target in ("run", "test", "lint", "format"):
        asked = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert asked.returncode == 0, asked.stderr


def test_an_old_python_is_not_chosen(checkout: Path) -> None:
    old = checkout / "bin"
    old.mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")  # what `sys.exit(sys.version_info < (3, 11))` makes of 3.9
        (old / name).chmod(0o755)
    for tool in ("bash", "make", "mkdir", "sh"):
        (old / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        ["make", "run"], cwd=checkout, env={"PATH": str(old)}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
