"""`amends mail` as a process: what it said 250 to is never lost, even when it is killed while it takes mail."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.database import database_url
from tests.intake.email.conftest import ROOT
from tests.people import House

from amends.cases.public import Complaint
from amends.intake.channels.email import services
from amends.intake.channels.email.figures import counts
from amends.intake.channels.email.models import MailState, RawMail

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
MAILS = 120


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(port: int, data: Path) -> subprocess.Popen[bytes]:
    """The listener on the tests' database."""
    variables = {
        **os.environ, "DATABASE_URL": database_url(), "AMENDS_DATA": str(data), "AMENDS_SMTP_PORT": str(port), "AMENDS_TESTING": "1",
        "PYTHONPATH": str(ROOT / "src"), "DEMO": "0",
    }  # fmt: skip
    command = [sys.executable, "-m", "amends.cli.main", "mail"]
    with (data / "mail.log").open("ab") as log:
        return subprocess.Popen(command, env=variables, stdout=log, stderr=log)


def wait_for(port: int) -> None:
    """Until it greets."""
    for _attempt in range(200):
        with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", port, timeout=2) as client:
            client.noop()
            return
        time.sleep(0.1)
    pytest.fail("the listener did not come up")


def mail(number: int) -> bytes:
    """A mail like no other."""
    head = f"From: maya{number}@example.org\r\nSubject: Kettle {number}\r\nMessage-ID: <n{number}@example.org>\r\n"
    return f"{head}\r\nKettle number {number} leaks.\r\n".encode()


def deliver(port: int, raw: bytes) -> bool:
    """As a relay: True only after a 250."""
    with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
        client.ehlo()
        client.mail("relay@example.org")
        client.rcpt("care@amends.localhost")
        return client.data(raw)[0] == 250
    return False


def test_killed_while_taking_mail_it_loses_nothing_and_makes_nothing_twice(house: House, tmp_path: Path):
    port = free_port()
    process = start(port, tmp_path)
    chance = random.Random(7)
    kills = 0
    try:
        wait_for(port)
        for number in range(MAILS):
            if chance.random() < 0.05:
                process.send_signal(signal.SIGKILL)
                process.wait(10)
                process = start(port, tmp_path)
                kills += 1
            # A relay tries again until it hears a 250, and so do we.
            for _attempt in range(300):
                if deliver(port, mail(number)):
                    break
                time.sleep(0.1)
            else:
                pytest.fail("never accepted")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, 143}
    assert kills >= 3
    for row in RawMail.objects.filter(state=MailState.RECEIVED):
        services.process(raw_mail_id=row.pk)
    found = counts()
    assert found.by_outcome["complaint"] == MAILS == Complaint.objects.count()
    assert found.received == found.stored + found.quarantined
    assert found.waiting == 0


def test_a_taken_port_is_one_sentence(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "amends.cli.main", "mail"]
        variables = {
            **os.environ,
            "AMENDS_DATA": str(tmp_path),
            "AMENDS_SMTP_PORT": str(port),
            "PYTHONPATH": str(ROOT / "src"),
        }
        done = subprocess.run(command, env=variables, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert str(port).encode() in done.stderr
