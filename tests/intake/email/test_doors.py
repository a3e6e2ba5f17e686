"""The listener's doors with real clients: TLS in both ways, LMTP, limits of connections, time and domains."""

from __future__ import annotations

import asyncio
import os
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.database import database_url
from tests.intake.email.conftest import ROOT
from tests.intake.email.dovecot import free_port, make_certificate

from amends.core.errors import BadInput
from amends.intake.channels.email import listener, services
from amends.intake.channels.email.certificate import Certificate
from amends.intake.channels.email.listener import Door, Protocol, Rules, domain_of
from amends.intake.channels.email.models import MailTally, RawMail

MAIL = b"From: maya@example.org\r\nSubject: Kettle\r\n\r\nIt leaks.\r\n"
Opened = Callable[..., int]


@contextmanager
def serving(door: Door, rules: Rules) -> Iterator[None]:
    """The listener in a thread with its own event loop."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(listener.serve([door], rules=rules, stop=stop)))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()


@pytest.fixture
def opened(transactional_db: None) -> Iterator[Opened]:
    """Open a door; returns its port."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def open_(rules: Rules | None = None, **values: Any) -> int:
            listening = socket.create_server(("127.0.0.1", 0))
            stack.enter_context(serving(Door(listening, **values), rules or Rules(size_limit=100_000)))
            return int(listening.getsockname()[1])

        yield open_


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate with its key in one file."""
    return make_certificate(tmp_path)


def trusting(certificate: Path) -> ssl.SSLContext:
    """A client that believes this certificate."""
    return ssl.create_default_context(cafile=str(certificate))


def deliver(client: smtplib.SMTP, *recipients: str) -> tuple[int, bytes]:
    """One mail."""
    client.ehlo()
    client.mail("maya@example.org")
    for one in recipients or ("care@amends.localhost",):
        assert client.rcpt(one)[0] == 250
    return client.data(MAIL)


def test_starttls_is_offered_and_works(opened: Opened, certificate: Path):
    port = opened(tls=Certificate(str(certificate)).context)
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        assert client.has_extn("starttls")
        client.starttls(context=trusting(certificate))
        client.ehlo()
        assert deliver(client)[0] == 250
    assert RawMail.objects.count() == 1


def test_without_a_certificate_it_is_not_offered(opened: Opened):
    with smtplib.SMTP("127.0.0.1", opened(), timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("starttls")


def test_tls_can_be_required(opened: Opened, certificate: Path):
    rules = Rules(size_limit=100_000, require_tls=True)
    port = opened(rules, tls=Certificate(str(certificate)).context)
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        assert client.mail("maya@example.org")[0] == 530
        client.starttls(context=trusting(certificate))
        client.ehlo()
        assert deliver(client)[0] == 250


def test_tls_from_the_first_byte_works(opened: Opened, certificate: Path):
    port = opened(tls=Certificate(str(certificate)).context, implicit=True)
    with smtplib.SMTP_SSL("127.0.0.1", port, timeout=10, context=trusting(certificate)) as client:
        client.ehlo()
        assert deliver(client)[0] == 250
    assert RawMail.objects.get().source == "smtp"


def test_a_renewed_certificate_is_used_without_a_restart(opened: Opened, tmp_path: Path):
    certificate = make_certificate(tmp_path)
    kept = Certificate(str(certificate))
    port = opened(tls=kept.context, implicit=True)
    assert not kept.look()
    certificate.write_text("half written")
    assert not kept.look()
    make_certificate(tmp_path)
    assert kept.look()
    with smtplib.SMTP_SSL("127.0.0.1", port, timeout=10, context=trusting(certificate)) as client:
        assert client.noop()[0] == 250


@pytest.mark.parametrize("words", ["", "no certificate"])
def test_a_certificate_that_cannot_be_used_is_one_sentence(tmp_path: Path, words: str):
    path = tmp_path / "x.pem"
    if words:
        path.write_text(words)
    with pytest.raises(BadInput, match="AMENDS_MAIL_CERTIFICATE"):
        Certificate(str(path))


class LmtpClient(smtplib.LMTP):
    """A client that reads an answer for each recipient."""

    def data_for(self, count: int, raw: bytes) -> list[tuple[int, bytes]]:
        """Send a mail; the answers."""
        assert self.docmd("data")[0] == 354
        self.send(raw + b".\r\n")
        return [self.getreply() for _recipient in range(count)]


def test_lmtp_answers_for_each_recipient_and_keeps_the_mail_once(opened: Opened):
    with LmtpClient("127.0.0.1", opened(protocol=Protocol.LMTP), timeout=10) as client:
        client.ehlo()
        client.mail("maya@example.org")
        for number in range(3):
            client.rcpt(f"x{number}@amends.localhost")
        assert [code for code, _words in client.data_for(3, MAIL)] == [250, 250, 250]
        assert client.noop()[0] == 250
    row = RawMail.objects.get()
    assert (row.source, len(row.envelope_to)) == ("lmtp", 3)


def test_lmtp_says_for_each_recipient_that_it_must_come_again(opened: Opened, monkeypatch: pytest.MonkeyPatch):
    def away(**_values: object) -> int:
        raise OSError("the database is away")

    port = opened(protocol=Protocol.LMTP)
    with monkeypatch.context() as patch, LmtpClient("127.0.0.1", port, timeout=10) as client:
        patch.setattr(services, "store", away)
        client.ehlo()
        client.mail("maya@example.org")
        for number in range(2):
            client.rcpt(f"x{number}@amends.localhost")
        assert [code for code, _words in client.data_for(2, MAIL)] == [451, 451]
        assert client.noop()[0] == 250


def test_lmtp_refuses_what_is_too_large_for_each_recipient(opened: Opened):
    with LmtpClient("127.0.0.1", opened(protocol=Protocol.LMTP), timeout=10) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "100000"
        client.mail("maya@example.org")
        for number in range(2):
            client.rcpt(f"x{number}@amends.localhost")
        answers = client.data_for(2, MAIL + b"x" * 70 * 2000 + b"\r\n")
        assert [code for code, _words in answers] == [552, 552]
        assert client.noop()[0] == 250
    assert RawMail.objects.count() == 0


def test_more_connections_than_allowed_are_asked_to_come_again_and_then_may(opened: Opened):
    port = opened(Rules(size_limit=1000, connections=2))
    first, second = smtplib.SMTP("127.0.0.1", port, timeout=10), smtplib.SMTP("127.0.0.1", port, timeout=10)
    with pytest.raises(smtplib.SMTPConnectError) as refused:
        smtplib.SMTP("127.0.0.1", port, timeout=10)
    assert refused.value.smtp_code == 421
    first.quit()
    for _attempt in range(50):
        try:
            smtplib.SMTP("127.0.0.1", port, timeout=10).quit()
        except smtplib.SMTPConnectError:
            time.sleep(0.05)
        else:
            break
    else:
        pytest.fail("nobody was let in again")
    second.quit()


def test_who_says_nothing_is_hung_up_on(opened: Opened):
    port = opened(Rules(size_limit=1000, idle_seconds=0.3))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.recv(200)
        assert client.recv(200) == b""


def test_only_named_domains_are_taken_when_there_are_some(opened: Opened):
    port = opened(Rules(size_limit=1000, domains=("amends.localhost", "xn--mnchen-3ya.example")))
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        client.mail("maya@example.org", ["SMTPUTF8"])
        assert client.rcpt("care@elsewhere.example")[0] == 550
        assert client.rcpt("CARE@Amends.LocalHost")[0] == 250
        assert client.rcpt("not-an-address")[0] == 550


def test_domains_are_compared_in_one_spelling():
    assert domain_of("a@München.example") == domain_of("a@xn--mnchen-3ya.EXAMPLE.") == "xn--mnchen-3ya.example"
    assert domain_of("a@" + "x" * 300) != ""
    assert domain_of("postmaster") == "postmaster"


def test_each_mail_is_counted_apart_from_its_row(opened: Opened):
    with smtplib.SMTP("127.0.0.1", opened(), timeout=10) as client:
        client.ehlo()
        for _number in range(3):
            assert deliver(client)[0] == 250
    assert sum(MailTally.objects.values_list("accepted", flat=True)) == 3


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_the_process_opens_every_door_that_is_named(tmp_path: Path, certificate: Path):
    ports = {name: free_port() for name in ("AMENDS_SMTP_PORT", "AMENDS_SMTPS_PORT", "AMENDS_LMTP_PORT")}
    place = Path(f"/tmp/amends-lmtp-{os.getpid()}.sock")
    variables = {
        **os.environ, "DATABASE_URL": database_url(), "AMENDS_DATA": str(tmp_path), "AMENDS_TESTING": "1", "DEMO": "0",
        "PYTHONPATH": str(ROOT / "src"), "AMENDS_MAIL_CERTIFICATE": str(certificate), "AMENDS_LMTP_SOCKET": str(place),
        **{name: str(port) for name, port in ports.items()},
    }  # fmt: skip
    with (tmp_path / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "amends.cli.main", "mail"], env=variables, stdout=log, stderr=log
        )
    try:
        for _attempt in range(300):
            if place.is_socket():
                break
            time.sleep(0.1)
        time.sleep(0.5)
        with smtplib.SMTP("127.0.0.1", ports["AMENDS_SMTP_PORT"], timeout=10) as client:
            client.starttls(context=trusting(certificate))
            assert deliver(client)[0] == 250
        context = trusting(certificate)
        with smtplib.SMTP_SSL("127.0.0.1", ports["AMENDS_SMTPS_PORT"], timeout=10, context=context) as client:
            assert deliver(client)[0] == 250
        for host, port in (("127.0.0.1", ports["AMENDS_LMTP_PORT"]), (str(place), 0)):
            with smtplib.LMTP(host, port, timeout=10) as client:
                client.ehlo()
                assert deliver(client)[0] == 250
    finally:
        process.terminate()
        assert process.wait(20) in {0, 143}, (tmp_path / "log").read_text()
        place.unlink(missing_ok=True)
    assert RawMail.objects.count() == 4


@pytest.mark.processes
def test_tls_without_a_certificate_is_one_sentence(tmp_path: Path, db: None):
    variables = {
        **os.environ, "DATABASE_URL": database_url(), "AMENDS_DATA": str(tmp_path), "AMENDS_SMTPS_PORT": str(free_port()),
        "AMENDS_SMTP_PORT": str(free_port()), "PYTHONPATH": str(ROOT / "src"), "AMENDS_TESTING": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "amends.cli.main", "mail"]
    done = subprocess.run(command, env=variables, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert b"AMENDS_MAIL_CERTIFICATE" in done.stderr.splitlines()[-1]
