"""What goes beyond the page: by mail over a real SMTP server, by a messenger's and a program's real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from tests.notifications.test_alerts import raised
from tests.people import actor

from amends.accounts.public import User
from amends.cases.public import Complaint, hide_from
from amends.core import clock
from amends.notifications import alerts, sending
from amends.notifications.models import Alert, Delivery
from amends.notifications.outside import OutsideFileError, outside
from amends.notifications.wishes import set_wishes

SECRET = "a secret of sixteen or more"


class Mailbox:
    """Takes mail, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.answer = "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        del server, session
        if self.answer.startswith("250"):
            self.mails.append(bytes(envelope.content or b""))
        return self.answer


@pytest.fixture
def mailbox(settings: Any, unused_tcp_port: int) -> Iterator[Mailbox]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=unused_tcp_port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", unused_tcp_port, False
    yield box
    controller.stop()


@pytest.fixture
def unused_tcp_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An HTTP server that keeps what it gets and answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            one.got.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
            self.send_response(one.status)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return

    one = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    one.got, one.status = [], 200  # type: ignore[attr-defined]
    thread = threading.Thread(target=one.serve_forever)
    thread.start()
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.1")
    yield one
    one.shutdown()
    thread.join()
    one.server_close()


@pytest.fixture
def file(settings: Any, tmp_path: Path, server: Any) -> Path:
    path = tmp_path / "alerts.toml"
    path.write_text(
        f'[services]\nchat = "json://127.0.0.1:{server.server_port}/chat"\n\n'
        f'[webhooks.pager]\nurl = "http://127.0.0.1:{server.server_port}/hook"\nsecret = "{SECRET}"\n'
    )
    settings.AMENDS_ALERTS_FILE = str(path)
    return path


def deliver_all() -> list[str]:
    for one in Delivery.objects.filter(state="queued").order_by("id"):
        sending.deliver(delivery_id=one.pk)
    return [one.state for one in Delivery.objects.order_by("id")]


def test_an_alert_goes_by_mail_with_a_link_that_answers_it(mailbox: Mailbox, alice: User) -> None:
    raised([alice])
    assert deliver_all() == ["sent"]
    assert deliver_all() == ["sent"]
    (raw,) = mailbox.mails
    mail = message_from_bytes(raw)
    assert mail["Subject"] == "AM-1: something happened"
    assert mail["Auto-Submitted"] == "auto-generated"
    body = str(mail.get_payload(decode=True), "utf-8") if isinstance(mail.get_payload(decode=True), bytes) else ""
    token = alerts.link_token(Delivery.objects.get().notification)
    assert f"/alerts/answer/{token}/" in body


def test_a_relay_that_is_away_is_tried_again_and_then_it_has_failed(mailbox: Mailbox, alice: User) -> None:
    raised([alice])
    one = Delivery.objects.get()
    mailbox.answer = "451 later"
    moment = one.not_before
    for _ in sending.PAUSES:
        with clock.frozen_at(moment):
            later = sending.deliver(delivery_id=one.pk)
        assert later is not None
        moment = later
    with clock.frozen_at(moment):
        assert sending.deliver(delivery_id=one.pk) is None
    one.refresh_from_db()
    assert (one.state, one.reason) == ("failed", "the relay did not take it (SMTPDataError)")


def test_what_was_seen_or_answered_meanwhile_is_not_sent(mailbox: Mailbox, alice: User, lena: User) -> None:
    alert = raised([alice, lena])
    assert alert is not None
    alerts.answer(actor=actor(alice), alert_id=alert.pk)
    assert deliver_all() == ["dropped", "dropped"]
    assert mailbox.mails == []


def test_a_sender_that_died_is_noticed_and_its_delivery_sent_again(mailbox: Mailbox, alice: User) -> None:
    raised([alice])
    Delivery.objects.update(state="sending")
    assert deliver_all() == ["sending"]
    with clock.frozen_at(clock.now() + timedelta(minutes=3)):
        assert sending.left_behind() == [Delivery.objects.get().pk]
        assert deliver_all() == ["sent"]
    assert len(mailbox.mails) == 1


def test_messengers_and_programs_hear_of_it(file: Path, server: Any, mailbox: Mailbox, alice: User, lena: User) -> None:
    set_wishes(actor=actor(alice), by_email="never", services=["chat"])
    raised([alice, lena])
    assert deliver_all() == ["sent"] * 3
    assert len(mailbox.mails) == 1  # Lena's
    paths = {path: (headers, body) for path, headers, body in server.got}
    assert len(server.got) == 2
    assert json.loads(paths["/chat"][1])["title"] == "AM-1: something happened"
    headers, body = paths["/hook"]
    stamp, signature = headers["Amends-Signature"].removeprefix("t=").split(",v1=")
    assert signature == sending.webhook_signature(SECRET, stamp, body)
    assert json.loads(body)["alert"] == Alert.objects.get().pk
    assert b"@" not in body


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_a_guarded_case_nothing_leaves_but_a_bare_mail(
    file: Path, server: Any, mailbox: Mailbox, complaint: Complaint, alice: User, lena: User, bob: User, when: str
) -> None:
    set_wishes(actor=actor(alice), by_email="never", services=["chat"])
    if when == "before":
        hide_from(actor=actor(lena), complaint_id=complaint.pk, user_ids=[bob.pk])
    raised([alice, lena, bob], complaint=complaint)
    if when == "after":
        hide_from(actor=actor(lena), complaint_id=complaint.pk, user_ids=[bob.pk])
    deliver_all()
    assert server.got == []
    (raw,) = mailbox.mails
    mail = message_from_bytes(raw)
    assert (mail["To"], mail["Subject"]) == (lena.email, f"{complaint.reference}: a guarded case")
    assert "something happened" not in raw.decode()
    kept = Delivery.objects.filter(way__in=["webhook", "service"])
    assert {(one.state, one.reason) for one in kept} == {("dropped", "a guarded case stays inside")}
    assert {one.way for one in kept} == {"webhook", "service"}


def test_a_program_that_does_not_answer_is_asked_again_and_one_that_is_gone_is_not(
    file: Path, server: Any, alice: User
) -> None:
    set_wishes(actor=actor(alice), by_email="never")
    raised([alice])
    one = Delivery.objects.get(way="webhook")
    server.status = 503
    assert sending.deliver(delivery_id=one.pk) is not None
    server.status = 410
    Delivery.objects.update(not_before=clock.now())
    assert sending.deliver(delivery_id=one.pk) is None
    one.refresh_from_db()
    assert (one.state, one.reason) == ("failed", "it answered 410")


@pytest.mark.parametrize(
    "wrong",
    [
        "[services",
        '[services]\nchat = "no address"',
        '[webhooks.p]\nurl = "https://x.example/"\nsecret = "short"',
        "a = 1",
    ],
)
def test_a_wrong_file_is_named_without_its_secrets(settings: Any, tmp_path: Path, wrong: str, alice: User) -> None:
    path = tmp_path / "alerts.toml"
    path.write_text(wrong)
    settings.AMENDS_ALERTS_FILE = str(path)
    with pytest.raises(OutsideFileError) as refused:
        outside()
    assert str(path) in str(refused.value)
    assert "short" not in str(refused.value).replace(str(path), "").replace("too_short", "")
    assert raised([alice]) is not None  # the alert itself does not depend on the file
