"""The SMTP listener with a real client, a real database and every mail of the public sets."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from tests.people import House

from amends.cases.public import Complaint
from amends.intake.channels.email import jobs, listener, services
from amends.intake.channels.email.figures import counts
from amends.intake.channels.email.models import MailState, RawMail

LIMIT = 3 * 1024 * 1024
MAIL = (
    b"From: Maya <maya@example.org>\r\nSubject: Kettle\r\nMessage-ID: <w1@example.org>\r\n\r\nIt leaks.\r\n.\r\nend\r\n"
)


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    """The listener on a free port, in a thread with its own event loop."""
    listening = socket.create_server(("127.0.0.1", 0))
    number = listening.getsockname()[1]
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    def run() -> None:
        rules = listener.Rules(size_limit=LIMIT)
        loop.run_until_complete(listener.serve([listener.Door(listening)], rules=rules, stop=stop))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield number
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()


def send(port: int, raw: bytes, sender: str = "maya@example.org") -> tuple[int, bytes]:
    """Deliver one mail as a relay does."""
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        client.mail(sender)
        client.rcpt("care@amends.localhost")
        return client.data(raw)


def read_all() -> None:
    """What the worker does."""
    for number in RawMail.objects.filter(state=MailState.RECEIVED).order_by("pk").values_list("pk", flat=True):
        services.process(raw_mail_id=number)


def test_the_answer_is_250_and_the_bytes_and_the_job_are_there(port: int, waiting_jobs: Callable[[str], list[int]]):
    code, _answer = send(port, MAIL)
    assert code == 250
    row = RawMail.objects.get()
    assert bytes(row.data) == MAIL
    assert row.sha256 == hashlib.sha256(MAIL).hexdigest()
    assert (row.state, row.envelope_from, row.envelope_to) == (
        "received",
        "maya@example.org",
        ["care@amends.localhost"],
    )
    assert row.pk in waiting_jobs("intake.process_mail")


@pytest.fixture
def waiting_jobs(transactional_db: None) -> Callable[[str], list[int]]:
    """The mails or messages that jobs of a name are waiting for."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    def find(name: str) -> list[int]:
        rows = ProcrastinateJob.objects.filter(task_name=name, status="todo").order_by("id")
        return [next(iter(row.args.values())) for row in rows]

    return find


def test_when_it_cannot_be_kept_the_sender_is_told_to_try_again(port: int, monkeypatch: pytest.MonkeyPatch):
    def away(**_values: object) -> int:
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(services, "store", away)
        code, _answer = send(port, MAIL)
    assert code == 451
    assert RawMail.objects.count() == 0
    assert send(port, MAIL)[0] == 250


def test_a_job_that_cannot_be_written_keeps_no_mail_either(port: int, monkeypatch: pytest.MonkeyPatch):
    def broken(**_values: object) -> int:
        raise OperationalError("no job")

    with monkeypatch.context() as patch:
        patch.setattr(jobs.process_mail, "defer", broken)
        assert send(port, MAIL)[0] == 451
    assert RawMail.objects.count() == 0


def test_the_size_limit_is_announced_and_kept(port: int):
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(LIMIT)
        assert client.mail("a@example.org", [f"SIZE={LIMIT + 1}"])[0] == 552
    assert send(port, b"Subject: big\r\n\r\n" + b"x" * 70 * 1000 * 50)[0] == 552
    assert RawMail.objects.count() == 0


def test_long_lines_nul_bytes_broken_bytes_and_no_sender_are_taken(port: int):
    for raw in (
        b"Subject: long\r\n\r\n" + b"y" * 2_000_000 + b"\r\n",
        b"\x00\xff\x00\r\n",
        b"\r\n",
        "Betreff: Ümläut\r\n\r\nä".encode(),
    ):
        assert send(port, raw, sender="")[0] == 250
    read_all()
    found = counts()
    assert found.received == found.stored + found.quarantined == 4


def test_too_many_recipients_are_asked_to_come_again(port: int):
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.ehlo()
        client.mail("a@example.org")
        codes = {client.rcpt(f"x{number}@amends.localhost")[0] for number in range(listener.MAX_RECIPIENTS)}
        assert codes == {250}
        assert client.rcpt("one-more@amends.localhost")[0] == 452


def test_a_client_that_breaks_off_leaves_nothing_half(port: int):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        for line in (b"EHLO x\r\n", b"MAIL FROM:<a@example.org>\r\n", b"RCPT TO:<b@amends.localhost>\r\n", b"DATA\r\n"):
            client.sendall(line)
        client.sendall(MAIL)
    assert send(port, MAIL)[0] == 250
    assert RawMail.objects.count() == 1


def test_the_bytes_never_change(house: House, port: int):
    send(port, MAIL)
    read_all()
    row = RawMail.objects.get()
    assert hashlib.sha256(bytes(row.data)).hexdigest() == row.sha256
    assert row.complaint is not None
    assert row.complaint.text == "It leaks.\n.\nend"


@pytest.mark.shared_data
def test_every_mail_of_the_public_sets_goes_in_and_is_stored(house: House, port: int, mail_sets: Path):
    files = sorted(path for path in mail_sets.rglob("*") if path.is_file() and path.suffix in {".eml", ".raw"})
    assert len(files) > 800
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.ehlo()
        for path in files:
            client.mail("relay@example.org")
            client.rcpt("care@amends.localhost")
            assert client.data(path.read_bytes())[0] == 250, path
    read_all()
    found = counts()
    assert found.received == len(files)
    assert found.waiting == 0
    assert found.received == found.stored + found.quarantined
    assert found.by_outcome["bounce"] > 550
    complaints = Complaint.objects.count()
    assert complaints == found.by_outcome["complaint"]
    assert complaints > 100
    assert RawMail.objects.filter(state=MailState.QUARANTINED, reason="").count() == 0
    for_us = RawMail.objects.filter(reason__contains="could not process")
    assert list(for_us.values_list("reason", flat=True)) == []
