"""`amends parse-mail` as a script calls it."""

import json
import subprocess
import sys
from pathlib import Path

from tests.intake.email.conftest import ROOT, crlf

MAIL = crlf("""
From: Petra Lang <petra@example.org>
Subject: Kettle
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Es tropft, schöne Grüße
--b
Content-Type: text/plain; name=list.txt
Content-Disposition: attachment

one
--b--
""")


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    code = "import sys; from amends.cli.main import main; sys.exit(main())"
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    command = [sys.executable, "-c", code, "parse-mail", *arguments]
    return subprocess.run(command, capture_output=True, input=stdin, env=environment, check=False, timeout=60)


def test_one_line_of_json_for_each_file(tmp_path: Path):
    good = tmp_path / "good.eml"
    good.write_bytes(MAIL)
    odd = tmp_path / "odd.eml"
    odd.write_bytes(b"\xff\x00\n")
    done = run(str(good), str(odd))
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 0
    assert list(first)[:9] == ["file", "kind", "from", "to", "cc", "reply_to", "subject", "date", "message_id"]
    assert first["from"] == {"name": "Petra Lang", "address": "petra@example.org"}
    assert first["text"] == "Es tropft, schöne Grüße"
    assert first["attachments"][0] == {
        "name": "list.txt",
        "type": "text/plain",
        "bytes": 3,
        "sha256": "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
        "content_id": None,
    }
    assert first["bounce"] is None
    assert second["problems"]


def test_an_unreadable_file_is_one_sentence_and_exit_code_2_and_the_rest_is_read(tmp_path: Path):
    good = tmp_path / "good.eml"
    good.write_bytes(MAIL)
    done = run(str(tmp_path / "missing.eml"), str(tmp_path), str(good))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2
    assert len(done.stdout.splitlines()) == 1


def test_standard_input_is_a_dash():
    done = run("-", stdin=MAIL)
    assert json.loads(done.stdout)["subject"] == "Kettle"


def test_it_starts_without_django():
    code = "import sys, amends.cli.parse_mail; sys.exit('django' in sys.modules or 'charset_normalizer' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "src")}, check=False, timeout=60)
    assert done.returncode == 0
