"""One message, one copy: a real relay, jobs run twice, workers that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django.fixtures import Settings
from tests.database import database_url
from tests.intake.email.conftest import ROOT
from tests.intake.email.relay import Relay, running_relay
from tests.people import House

from amends.accounts.public import SYSTEM, actor_for_user
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    claim_for_sending,
    queue_message,
    read_reply_address,
    reply,
)
from amends.core import clock
from amends.intake.channels.email import outbox, services
from amends.intake.channels.email.model import Address
from amends.intake.channels.email.models import RawMail


@pytest.fixture
def relay(settings: Settings) -> Iterator[Relay]:
    """A real relay that our mail goes to."""
    with running_relay() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


def queued(case: Complaint, text: str = "We are on it.", **values: object) -> Message:
    """A message that waits."""
    message = queue_message(
        actor=SYSTEM, complaint_id=case.pk, kind="message", subject="Your kettle", text=text, **values
    )  # type: ignore[arg-type]
    assert message is not None
    return message


def test_queueing_a_message_leaves_its_job_in_the_same_transaction(complaint: Complaint):
    message = queued(complaint)
    job = ProcrastinateJob.objects.get(task_name="intake.deliver_message")
    assert job.args == {"message_id": message.pk}
    assert job.queue_name == "urgent"


def test_a_message_goes_out_once_however_often_its_job_runs(complaint: Complaint, relay: Relay):
    message = queued(complaint, html="<p>We are <b>on it</b>.</p>")
    for _attempt in range(3):
        assert outbox.deliver(message_id=message.pk) is None
    message.refresh_from_db()
    assert (message.state, len(relay.mails)) == ("sent", 1)
    (mail,) = relay.parsed()
    assert mail.message_id == f"<{message.message_id}>"
    assert mail.from_ == Address("Northlight", "care@amends.localhost")
    assert [one.address for one in mail.to] == ["maya@example.org"]
    assert read_reply_address(mail.reply_to[0].address) == complaint.public_id
    assert read_reply_address(relay.envelopes[0][0]) == complaint.public_id
    assert "on it" in mail.text
    assert "<b>on it</b>" in (mail.html or "")


def test_the_answer_of_a_person_names_them_and_stays_in_the_customer_s_thread(house: House, bob: object, relay: Relay):
    raw = b"From: Maya <maya@example.org>\r\nSubject: Kettle\r\nMessage-ID: <thread1@example.org>\r\n\r\nIt leaks."
    number = services.store(raw=raw, envelope_from="maya@example.org", envelope_to=[house.root.sender_email])
    services.process(raw_mail_id=number)
    case = RawMail.objects.get(pk=number).complaint
    assert case is not None
    message = reply(actor=actor_for_user(bob), complaint_id=case.pk, text="I will send a new one.")  # type: ignore[arg-type]
    assert message is not None
    later = outbox.deliver(message_id=message.pk)
    assert later == message.not_before
    assert relay.mails == []
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        outbox.deliver(message_id=message.pk)
    (mail,) = relay.parsed()
    assert mail.in_reply_to == "<thread1@example.org>"
    assert "Bob" in mail.from_.name if mail.from_ else False
    assert b"Auto-Submitted" not in relay.mails[0]


def test_the_customer_s_answer_to_our_mail_finds_its_case(complaint: Complaint, relay: Relay):
    message = queued(complaint)
    outbox.deliver(message_id=message.pk)
    (mail,) = relay.parsed()
    answer = (
        f"From: maya@example.org\r\nTo: {mail.reply_to[0].address}\r\nIn-Reply-To: {mail.message_id}\r\n\r\nThank you!"
    )
    number = services.store(
        raw=answer.encode(), envelope_from="maya@example.org", envelope_to=[mail.reply_to[0].address]
    )
    services.process(raw_mail_id=number)
    assert RawMail.objects.get(pk=number).complaint_id == complaint.pk


def test_automatic_mail_says_that_no_person_wrote_it(complaint: Complaint, relay: Relay):
    outbox.deliver(message_id=queued(complaint, automatic=True).pk)
    assert b"Auto-Submitted: auto-" in relay.mails[0]


def test_nobody_is_acknowledged_who_asked_for_no_automatic_answer(complaint: Complaint, relay: Relay):
    Complaint.objects.filter(pk=complaint.pk).update(attributes={"automatic_answer": "no"})
    message = queue_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        kind="acknowledgement",
        subject="x",
        text="x",
        automatic=True,
        purpose="acknowledgement",
    )
    assert message is not None
    outbox.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert (message.state, relay.mails) == ("failed", [])
    assert "personal" in message.state_reason


def test_a_temporary_refusal_is_tried_again_later_with_the_same_identifier(complaint: Complaint, relay: Relay):
    relay.answers = ["451 4.3.0 not now"]
    message = queued(complaint)
    again = outbox.deliver(message_id=message.pk)
    assert again is not None
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 1)
    assert "451" in message.state_reason
    assert outbox.deliver(message_id=message.pk) == again  # not before its time
    with clock.frozen_at(again + timedelta(seconds=1)):
        outbox.deliver(message_id=message.pk)
    assert [one.message_id for one in relay.parsed()] == [f"<{message.message_id}>"]


def test_a_permanent_refusal_fails_the_message_where_people_see_it(complaint: Complaint, relay: Relay):
    relay.answers = ["550 5.1.1 no such user maya@example.org"]
    message = queued(complaint)
    assert outbox.deliver(message_id=message.pk) is None
    message.refresh_from_db()
    assert message.state == "failed"
    assert "550" in message.state_reason
    assert "maya" not in message.state_reason


def test_a_relay_that_is_away_for_a_day_fails_the_message_at_last(complaint: Complaint, settings: Settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    message = queued(complaint)
    moment = clock.now()
    for _attempt in range(len(outbox.PAUSES) + 1):
        with clock.frozen_at(moment):
            moment = outbox.deliver(message_id=message.pk) or moment
    message.refresh_from_db()
    assert message.state == "failed"
    assert timedelta(hours=20) < moment - message.at < timedelta(hours=30)


def test_without_a_relay_messages_wait_and_say_what_to_do(complaint: Complaint, settings: Settings):
    settings.EMAIL_HOST = ""
    message = queued(complaint)
    assert outbox.deliver(message_id=message.pk) is not None
    message.refresh_from_db()
    assert "AMENDS_RELAY_HOST" in message.state_reason


@pytest.mark.parametrize(
    ("address", "state", "receiver"),
    [
        ("info@müller.example", "sent", ["info@xn--mller-kva.example"]),
        ("jörg@example.org", "failed", []),
        ("no address", "failed", []),
        ("a@b@example.org", "failed", []),
    ],
)
def test_strange_addresses_are_written_right_or_refused_with_a_reason(
    complaint: Complaint, relay: Relay, address: str, state: str, receiver: list[str]
):
    message = queued(complaint)
    Message.objects.filter(pk=message.pk).update(to_address=address)
    outbox.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.state == state
    assert [one for _sender, receivers in relay.envelopes for one in receivers] == receiver
    assert bool(message.state_reason) == (state == "failed")


def test_a_cancelled_message_never_leaves(complaint: Complaint, relay: Relay):
    message = queued(complaint)
    Message.objects.filter(pk=message.pk).update(state=MessageState.CANCELLED)
    assert outbox.deliver(message_id=message.pk) is None
    assert relay.mails == []


def test_a_message_left_half_way_is_found_and_sent(complaint: Complaint, relay: Relay):
    message = queued(complaint)
    claim_for_sending(message_id=message.pk)
    assert outbox.left_behind() == [message.pk]
    outbox.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert (message.state, len(relay.mails)) == ("sent", 1)
    assert outbox.left_behind() == []


def test_a_message_whose_job_was_lost_is_found_after_a_minute(complaint: Complaint):
    with clock.frozen_at(datetime(2026, 3, 2, 9, tzinfo=UTC)):
        message = queued(complaint)
        assert outbox.left_behind() == []
    with clock.frozen_at(datetime(2026, 3, 2, 9, 2, tzinfo=UTC)):
        assert outbox.left_behind() == [message.pk]


WORKER = """
import os, sys
import django
django.setup()
from django.conf import settings
settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(sys.argv[1])
from amends.intake.channels.email import outbox
moment = sys.argv[3]
def die(*arguments, **values):
    print("here", flush=True)
    import time
    time.sleep(60)
if moment != "never":
    setattr(outbox, moment, die)
outbox.deliver(message_id=int(sys.argv[2]))
print("done", flush=True)
"""


def worker(port: int, message_id: int, dies_in: str) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, on the tests' database, that stops at a chosen step."""
    environment = {
        **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "amends.config.settings", "PYTHONPATH": str(ROOT / "src"),
        "AMENDS_TESTING": "1",
    }  # fmt: skip
    command = [sys.executable, "-c", WORKER, str(port), str(message_id), dies_in]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("dies_in", "copies"), [("hand_over", 1), ("composed", 1), ("_mark", 2)])
def test_a_worker_killed_at_any_step(complaint: Complaint, relay: Relay, dies_in: str, copies: int):
    """Before the relay has it: one copy. Between its 250 and our mark: the same message again, never none."""
    message = queued(complaint)
    process = worker(relay.port, message.pk, dies_in)
    assert process.stdout is not None
    assert process.stdout.readline() == b"here\n"
    message.refresh_from_db()
    assert message.state == MessageState.SENDING
    # Alive and slow is not dead: nobody else may take it.
    assert outbox.deliver(message_id=message.pk) is None
    assert len(relay.mails) == copies - 1
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    _until_the_lock_is_free(message.pk)
    outbox.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    assert len(relay.mails) == copies
    assert {one.message_id for one in relay.parsed()} == {f"<{message.message_id}>"}


def _until_the_lock_is_free(message_id: int) -> None:
    for _attempt in range(100):
        with outbox._alone(message_id) as alone:
            if alone:
                return
        time.sleep(0.1)
    pytest.fail("the database still holds the lock of a dead process")


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_copy(complaint: Complaint, relay: Relay):
    message = queued(complaint)
    workers = [worker(relay.port, message.pk, "never") for _number in range(3)]
    for process in workers:
        output, _errors = process.communicate(timeout=60)
        assert output == b"done\n"
    message.refresh_from_db()
    assert (message.state, len(relay.mails)) == ("sent", 1)
