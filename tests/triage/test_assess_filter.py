"""The filter `amends assess`: JSON lines in, JSON lines out, without Django or a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"id": 7, "text": "The lamp is broken. I want my money back.", "channel": "email"}


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "LC_ALL": "C"}
    command = [sys.executable, "-m", "amends.cli.main", "assess", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, env=environment, timeout=60, check=False)


def line(**values: object) -> bytes:
    return json.dumps(values).encode() + b"\n"


def test_one_line_gives_one_line_with_all_fields() -> None:
    done = run(stdin=line(**GOOD))
    assert (done.returncode, done.stderr) == (0, b"")
    told = json.loads(done.stdout)
    assert list(told) == [
        "id", "language", "category", "severity", "sentiment", "safety", "vulnerable", "legal_or_media", "label",
        "probability", "points", "desired_outcome", "reasons",
    ]  # fmt: skip
    assert (told["id"], told["label"], told["desired_outcome"]) == (7, "complaint", "I want my money back")


def test_bad_lines_are_named_on_stderr_and_the_others_are_finished() -> None:
    bad = [
        b"no json\n",
        b"[1]\n",
        b'{"id": 2}\n',
        b'{"id": 3, "text": 5}\n',
        b'{"text": "\xff"}\n',
        b"[" * 100_000 + b"\n",
    ]
    done = run(stdin=line(**GOOD) + b"".join(bad) + b"\n" + line(id="x", text=""))
    assert done.returncode == 2
    assert [json.loads(one)["id"] for one in done.stdout.splitlines()] == [7, "x"]
    complaints = done.stderr.decode().splitlines()
    assert [one.split(":")[0] for one in complaints] == [f"line {number}" for number in range(2, 8)]
    assert all("Traceback" not in one for one in complaints)


def test_files_are_read_and_an_unreadable_one_does_not_stop_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_bytes(line(**GOOD) + b"{\n")
    done = run(str(tmp_path / "absent"), str(file))
    assert done.returncode == 2
    assert json.loads(done.stdout)["id"] == 7
    first, second = done.stderr.decode().splitlines()
    assert "absent: cannot be read" in first
    assert second.startswith(f"{file}, line 2: ")


@pytest.mark.parametrize("text", ["\\u0000", "\\ud83d half a pair, broken", "ÄÖÜ ß 包裹 \\u202e"])
def test_odd_characters_come_back_as_json(text: str) -> None:
    done = run(stdin=f'{{"id": 1, "text": "{text} the lamp is broken"}}\n'.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.decode("utf-8", "surrogatepass"))["label"] == "complaint"


def test_it_starts_fast_and_loads_neither_django_nor_the_detector_for_english() -> None:
    run(stdin=line(**GOOD))  # warms the disk cache
    times = []
    for _ in range(3):
        began = time.monotonic()
        run(stdin=line(**GOOD))
        times.append(time.monotonic() - began)
    assert min(times) < 1.0
    code = (
        'import sys, amends.cli.assess as a; a.assess_line(b\'{"text": "the lamp is broken and I am not happy"}\');'
        "print([m for m in ('django', 'lingua', 'psycopg') if m in sys.modules])"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True, timeout=60)
    assert done.stdout.strip() == b"[]"
