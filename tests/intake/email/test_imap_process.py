"""`amends mail` reading a mailbox as a process: killed at any moment it loses nothing and keeps nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.database import database_url
from tests.intake.email.conftest import ROOT
from tests.intake.email.dovecot import PASSWORD, Dovecot, free_port, running_dovecot
from tests.people import House

from amends.accounts.public import SYSTEM
from amends.intake.channels.email.incoming.mailboxes import add_mailbox
from amends.intake.channels.email.models import PulledMail, RawMail
from amends.intake.channels.email.tally import mail_health

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
MAILS = 200


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A fresh server."""
    with running_dovecot() as server:
        yield server


def start(dovecot: Dovecot, data: Path) -> subprocess.Popen[bytes]:
    """A process that reads the mailboxes of the tests' database."""
    variables = {
        **os.environ, "DATABASE_URL": database_url(), "AMENDS_DATA": str(data), "AMENDS_SMTP_PORT": str(free_port()),
        "AMENDS_TESTING": "1", "PYTHONPATH": str(ROOT / "src"), "DEMO": "0", "AMENDS_MAILBOX_SECRET_TEST": PASSWORD,
        "SSL_CERT_FILE": str(dovecot.certificate),
    }  # fmt: skip
    command = [sys.executable, "-m", "amends.cli.main", "mail", "--only-mailboxes"]
    with (data / "mail.log").open("ab") as log:
        return subprocess.Popen(command, env=variables, stdout=log, stderr=log)


def wait_for(count: int, seconds: float = 60) -> None:
    """Until so many mails are kept."""
    until = time.monotonic() + seconds
    while RawMail.objects.count() < count:
        assert time.monotonic() < until, f"{RawMail.objects.count()} of {count}"
        time.sleep(0.02)


def test_killed_while_it_reads_it_loses_nothing_and_keeps_nothing_twice(house: House, dovecot: Dovecot, tmp_path: Path):
    values = {"name": "Care", "unit_id": house.root.pk, "host": "localhost", "port": dovecot.tls_port, "user": "care",
              "secret": "env:AMENDS_MAILBOX_SECRET_TEST"}  # fmt: skip
    add_mailbox(actor=SYSTEM, values=values)
    dovecot.deliver(*(f"Subject: Kettle {number}\r\n\r\nIt leaks.\r\n".encode() for number in range(MAILS)))
    process = start(dovecot, tmp_path)
    second = start(dovecot, tmp_path)
    try:
        for share in (0.1, 0.4, 0.7):
            wait_for(int(MAILS * share))
            process.send_signal(signal.SIGKILL)
            process.wait(10)
            process, second = second, start(dovecot, tmp_path)
        wait_for(MAILS)
        time.sleep(1)
    finally:
        for one in (process, second):
            one.send_signal(signal.SIGTERM)
        codes = {one.wait(30) for one in (process, second)}
    assert codes <= {0, 143}, (tmp_path / "mail.log").read_text()[-3000:]
    assert RawMail.objects.count() == PulledMail.objects.count() == MAILS
    assert len(set(RawMail.objects.values_list("sha256", flat=True))) == MAILS
    assert mail_health().missing == 0
    assert PASSWORD not in (tmp_path / "mail.log").read_text()
