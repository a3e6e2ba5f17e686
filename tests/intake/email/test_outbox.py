"""One message, one copy: a real relay, jobs run twice, workers that die."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django.fixtures import Settings
from tests.database import database_url
from tests.intake.email.conftest import ROOT
from tests.intake.email.dovecot import make_certificate
from tests.intake.email.relay import Relay, running_relay
from tests.intake.email.test_filing import report
from tests.people import House

from amends.accounts.public import SYSTEM, actor_for_user
from amends.cases.public import (
    Complaint,
    Customer,
    Message,
    MessageState,
    assign,
    claim_for_sending,
    mark_bounced,
    mark_delivered,
    mark_sent,
    queue_message,
    read_reply_address,
    receive_message,
    reply,
    retry_message,
    send_anyway,
)
from amends.cases.services.outbox import SOFT_PAUSE, SOFT_RETRIES
from amends.core import clock
from amends.intake.channels.email import outbox, services
from amends.intake.channels.email.model import Address
from amends.intake.channels.email.models import RawMail
from amends.notifications.public import Notification


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


def test_only_a_relay_that_proves_who_it_is_gets_the_mail_and_what_we_believe_is_read_again_when_it_changes(
    complaint: Complaint, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("real", "other"):
        (tmp_path / name).mkdir()
    real, other = (make_certificate(tmp_path / name) for name in ("real", "other"))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(real)
    believed = tmp_path / "believed.pem"
    monkeypatch.setenv("SSL_CERT_FILE", str(believed))
    with running_relay(tls) as relay:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", relay.port, True
        believed.write_bytes(other.read_bytes())
        message = queued(complaint)
        assert outbox.deliver(message_id=message.pk) is not None
        message.refresh_from_db()
        assert (message.state, relay.mails) == ("queued", [])
        assert "SSLCertVerificationError" in message.state_reason
        believed.write_bytes(real.read_bytes())
        os.utime(believed, (1, 1))
        with clock.frozen_at(clock.now() + timedelta(minutes=5)):
            assert outbox.deliver(message_id=message.pk) is None
            assert outbox.deliver(message_id=queued(complaint, text="Further to this").pk) is None
    assert len(relay.mails) == 2


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


# -- what came back, what arrived ------------------------------------------------------------------------------------------


def test_a_soft_bounce_is_sent_again_later_and_at_last_asks_for_another_way(complaint: Complaint, relay: Relay):
    message = queued(complaint)
    moment = clock.now()
    for times in range(SOFT_RETRIES + 1):
        with clock.frozen_at(moment):
            outbox.deliver(message_id=message.pk)
            state = mark_bounced(message_id=message.pk, hard=False, reason="Not delivered for now (4.2.2).")
        assert state == ("queued" if times < SOFT_RETRIES else "bounced")
        moment += SOFT_PAUSE + timedelta(minutes=1)
    message.refresh_from_db()
    assert (message.state, message.bounce, len(relay.mails)) == ("bounced", "soft", SOFT_RETRIES + 1)
    assert {one.message_id for one in relay.parsed()} == {f"<{message.message_id}>"}


def test_two_reports_about_one_sending_make_one_more_attempt(complaint: Complaint, relay: Relay):
    message = queued(complaint)
    outbox.deliver(message_id=message.pk)
    assert mark_bounced(message_id=message.pk, hard=False, reason="full") == "queued"
    assert mark_bounced(message_id=message.pk, hard=False, reason="full") == ""
    message.refresh_from_db()
    assert message.soft_bounces == 1


def test_after_a_hard_bounce_nothing_automatic_goes_there_but_a_person_may_write(
    house: House, bob: object, complaint: Complaint, relay: Relay, settings: Settings
):
    settings.AMENDS_UNDO_SECONDS = 0
    first = queued(complaint)
    outbox.deliver(message_id=first.pk)
    mark_bounced(message_id=first.pk, hard=True, reason="Not delivered for good (5.1.1).")
    machine = queued(complaint, text="A survey", automatic=True)
    outbox.deliver(message_id=machine.pk)
    machine.refresh_from_db()
    assert (machine.state, len(relay.mails)) == ("failed", 1)
    assert "came back for good" in machine.state_reason
    person = reply(actor=actor_for_user(bob), complaint_id=complaint.pk, text="One more try.")  # type: ignore[arg-type]
    assert person is not None
    outbox.deliver(message_id=person.pk)
    assert len(relay.mails) == 2
    # The customer wrote from there: the address lives again.
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        receive_message(
            actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="Back", from_address="maya@example.org"
        )
        again = queued(complaint, text="Another notice", automatic=True)
        outbox.deliver(message_id=again.pk)
    assert len(relay.mails) == 3


def test_a_chain_of_bounces_stays_one_message_and_one_alarm(house: House, alice: object, complaint: Complaint):
    assign(actor=SYSTEM, complaint_id=complaint.pk, owner_id=alice.pk)  # type: ignore[attr-defined]
    message = queued(complaint)
    mark_sent(message_id=message.pk)
    returned = f"Message-ID: <{message.message_id}>\n"
    for number in range(30):
        raw = report(returned=f"X-Number: {number}\n{returned}")
        services.process(raw_mail_id=services.store(raw=raw, envelope_from="", envelope_to=["care@amends.localhost"]))
    assert Complaint.objects.count() == 1
    assert Message.objects.filter(complaint=complaint, direction="out").count() == 1
    assert Notification.objects.filter(kind="not_delivered").count() == 1


def test_a_success_report_says_that_it_was_delivered(complaint: Complaint, relay: Relay):
    message = queued(complaint)
    outbox.deliver(message_id=message.pk)
    raw = report(action="delivered", status="2.0.0", returned=f"Message-ID: <{message.message_id}>\n")
    services.process(raw_mail_id=services.store(raw=raw, envelope_from="", envelope_to=["care@amends.localhost"]))
    message.refresh_from_db()
    assert (message.state, message.delivered_at is not None) == ("delivered", True)
    assert mark_delivered(message_id=message.pk) is False


def test_delivery_reports_are_asked_for_only_when_the_setting_says_so(complaint: Complaint, settings: Settings):
    class Extended:
        @staticmethod
        def has_extn(name: str) -> bool:
            return name == "dsn"

    assert outbox._wanted_reports(Extended()) == ([], [])  # type: ignore[arg-type]
    settings.AMENDS_DELIVERY_NOTICES = True
    assert outbox._wanted_reports(Extended()) == (["RET=HDRS"], ["NOTIFY=SUCCESS,FAILURE,DELAY"])  # type: ignore[arg-type]


def test_a_message_that_was_planned_for_later_comes_forward_when_it_is_let_go(
    house: House, bob: object, complaint: Complaint
):
    someone = actor_for_user(bob)  # type: ignore[arg-type]
    message = reply(actor=someone, complaint_id=complaint.pk, text="x", send_at=clock.now() + timedelta(days=3))
    assert message is not None
    job = ProcrastinateJob.objects.get(task_name="intake.deliver_message")
    assert job.scheduled_at == message.not_before
    send_anyway(actor=someone, message_id=message.pk)
    job = ProcrastinateJob.objects.get(task_name="intake.deliver_message")
    assert job.scheduled_at is None


def test_a_message_sent_again_by_a_person_goes_to_the_address_of_now(
    house: House, bob: object, complaint: Complaint, relay: Relay
):
    message = queued(complaint, automatic=True)
    outbox.deliver(message_id=message.pk)
    mark_bounced(message_id=message.pk, hard=True, reason="Not delivered for good (5.1.1).")
    Customer.objects.filter(pk=complaint.customer_id).update(email="maya.new@example.org")
    retry_message(actor=actor_for_user(bob), message_id=message.pk)  # type: ignore[arg-type]
    outbox.deliver(message_id=message.pk)
    message.refresh_from_db()
    assert (message.state, relay.envelopes[-1][1]) == ("sent", ["maya.new@example.org"])


def test_a_reply_queued_while_the_customer_writes_is_not_lost(
    house: House, bob: object, complaint: Complaint, relay: Relay
):
    message = reply(actor=actor_for_user(bob), complaint_id=complaint.pk, text="On its way.")  # type: ignore[arg-type]
    assert message is not None
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="One more thing")
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        outbox.deliver(message_id=message.pk)
    assert len(relay.mails) == 1
    complaint.refresh_from_db()
    assert complaint.waiting_for_us_since is not None  # their newest word is still unanswered
