"""Mailboxes that are read, against a real Dovecot: nothing is lost, nothing comes twice, nothing stops the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.intake.email.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.people import House

from amends.accounts.public import SYSTEM
from amends.cases.public import Complaint
from amends.core import clock
from amends.intake.channels.email import services
from amends.intake.channels.email.incoming import cursor
from amends.intake.channels.email.incoming.imap import (
    MailboxTrouble,
    MessageRefused,
    Session,
    SessionBroken,
    open_session,
)
from amends.intake.channels.email.incoming.locks import ReadingLocks
from amends.intake.channels.email.incoming.mailboxes import add_mailbox, change_mailbox, try_out
from amends.intake.channels.email.incoming.oauth import Tokens
from amends.intake.channels.email.incoming.pull import ASKED_AT_ONCE, FETCHED_AT_ONCE, Pulled, begin, pull
from amends.intake.channels.email.incoming.reader import Reader, Readers, pause_after
from amends.intake.channels.email.models import Mailbox, MailState, PulledMail, PulledState, RawMail
from amends.intake.channels.email.tally import mail_health


def mail(number: int, **headers: str) -> bytes:
    """A mail like no other."""
    given = {
        "From": f"maya{number}@example.org",
        "To": "care@amends.localhost",
        "Subject": f"Kettle {number}",
        "Message-ID": f"<n{number}@example.org>",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"{head}\r\nKettle number {number} leaks.\r\n".encode()


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A fresh server."""
    with running_dovecot() as server:
        yield server


@pytest.fixture
def box(house: House, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """The mailbox of the organisation."""
    return add(house.root.pk, dovecot, monkeypatch)


def add(unit_id: int, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, **values: Any) -> Mailbox:
    """Add a mailbox of the server, over TLS with its certificate checked."""
    monkeypatch.setenv("AMENDS_MAILBOX_SECRET_TEST", PASSWORD)
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    given = {
        "name": "Care", "unit_id": unit_id, "host": "localhost", "port": dovecot.tls_port, "user": "care",
        "secret": "env:AMENDS_MAILBOX_SECRET_TEST",
    }  # fmt: skip
    return add_mailbox(actor=SYSTEM, values={**given, **values})


def read(box: Mailbox, **how: Any) -> Pulled:
    """One session: everything that is new."""
    with open_session(box, Tokens()) as session:
        mailbox = begin(box.pk, session)
        return pull(mailbox, session, **{"everything": False, **how})


def process_all() -> None:
    """What the worker does."""
    for number in RawMail.objects.filter(state=MailState.RECEIVED).order_by("pk").values_list("pk", flat=True):
        services.process(raw_mail_id=number)


def subjects() -> list[str]:
    """What became complaints."""
    return sorted(Complaint.objects.values_list("subject", flat=True))


def test_new_mail_becomes_complaints_byte_for_byte_and_is_read_once(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1), mail(2))
    assert read(box).kept == 2
    assert read(box) == Pulled()
    dovecot.deliver(mail(3))
    assert read(box).kept == 1
    assert [bytes(one.data) for one in RawMail.objects.order_by("pk")] == [mail(1), mail(2), mail(3)]
    process_all()
    assert subjects() == ["Kettle 1", "Kettle 2", "Kettle 3"]
    assert mail_health().good


def test_reading_it_marks_nothing_in_the_mailbox(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1))
    read(box)
    with dovecot.client() as client:
        assert client.search(None, "UNSEEN")[1] == [b"1"]
        assert b"Seen" not in client.fetch("1", "(FLAGS)")[1][0]


def test_somebody_reading_flagging_or_marking_for_deletion_hides_nothing(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1), mail(2), mail(3))
    with dovecot.client() as client:
        client.fetch("1", "(BODY[])")
        client.store("2", "+FLAGS", r"(\Flagged \Answered)")
        client.store("3", "+FLAGS", r"(\Deleted)")
    assert read(box).kept == 3


def test_after_an_outage_of_days_everything_is_fetched_whatever_its_date(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1))
    read(box)
    with dovecot.client() as client:
        for number, date in ((2, '"01-Jan-2019 10:00:00 +0000"'), (3, '"02-Mar-2025 10:00:00 +0000"'), (4, "")):
            raw = mail(number, Date="Tue, 01 Jan 2019 10:00:00 +0000")
            assert client.append("INBOX", r"(\Seen)", date, raw)[0] == "OK"
    with clock.frozen_at(clock.now() + timedelta(days=9)):
        assert read(box).kept == 3


def test_a_backlog_larger_than_any_portion_is_fetched_whole_in_one_session(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(0))
    read(box)
    dovecot.deliver(*(mail(number) for number in range(1, ASKED_AT_ONCE + FETCHED_AT_ONCE + 2)))
    assert read(box).kept == ASKED_AT_ONCE + FETCHED_AT_ONCE + 1
    assert read(box, everything=True) == Pulled()
    assert RawMail.objects.values("sha256").distinct().count() == ASKED_AT_ONCE + FETCHED_AT_ONCE + 2


def test_an_outage_of_the_server_is_overcome(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1))
    read(box)
    dovecot.deliver(mail(2))
    dovecot.stop()
    with pytest.raises(MailboxTrouble):
        read(box)
    dovecot.start()
    assert read(box).kept == 1


def test_what_was_moved_or_deleted_after_we_read_it_is_not_lost_and_does_not_come_back(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1), mail(2), mail(3))
    read(box)
    with dovecot.client() as client:
        client.create("Done")
        client.copy("1", "Done")
        client.store("1:2", "+FLAGS", r"(\Deleted)")
        client.expunge()
    assert read(box, everything=True) == Pulled()
    assert RawMail.objects.count() == 3


def test_a_discarded_mail_does_not_come_back_even_when_the_folder_is_numbered_anew(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1, **{"List-Id": "<list.example.org>"}))
    read(box)
    process_all()
    held = RawMail.objects.get(state=MailState.QUARANTINED)
    services.discard(actor=SYSTEM, raw_mail_id=held.pk)
    number_anew(dovecot)
    done = read(box)
    assert (done.kept, done.known) == (0, 1)
    assert RawMail.objects.count() == 1


def number_anew(dovecot: Dovecot, user: str = "care") -> None:
    """Make the server forget its numbering, as a move to another server does."""
    before = validity(dovecot, user)
    for _attempt in range(30):
        for path in (dovecot.home / "mail" / user).glob("dovecot*"):
            if path.is_file():
                path.unlink()
        if validity(dovecot, user) != before:
            return
        time.sleep(0.2)
    pytest.fail("the numbering did not change")


def validity(dovecot: Dovecot, user: str = "care") -> int:
    """The server's UIDVALIDITY."""
    with dovecot.client(user) as client:
        return int(client.response("UIDVALIDITY")[1][0])


def test_a_new_numbering_is_read_from_the_start_and_nothing_comes_twice(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1), mail(2))
    read(box)
    dovecot.deliver(mail(3))
    number_anew(dovecot)
    dovecot.deliver(mail(4))
    done = read(box)
    assert (done.kept, done.known) == (2, 2)
    number_anew(dovecot)
    assert read(box).kept == 0
    assert RawMail.objects.count() == 4
    assert Mailbox.objects.get().epoch == 3
    process_all()
    assert len(subjects()) == 4


def test_two_mails_of_equal_bytes_stay_two_through_a_new_numbering(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1), mail(1))
    assert read(box).kept == 2
    number_anew(dovecot)
    dovecot.deliver(mail(1))
    done = read(box)
    assert (done.known, done.kept) == (2, 1)
    process_all()
    assert Complaint.objects.count() == 1
    assert set(RawMail.objects.values_list("outcome", flat=True)) == {"complaint", "duplicate"}


def test_a_mail_without_message_id_or_sender_is_kept(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1, **{"Message-ID": ""}), mail(2, **{"From": "", "Message-ID": ""}))
    assert read(box).kept == 2
    process_all()
    assert subjects() == ["Kettle 1"]
    assert RawMail.objects.get(state=MailState.QUARANTINED).reason.startswith("No sender")


def spoil(dovecot: Dovecot, number: int) -> Path:
    """Make the server unable to read one of its messages."""
    for path in (dovecot.home / "mail" / "care" / "cur").iterdir():
        if f"Kettle {number}\r\n".encode() in path.read_bytes() or f"Kettle {number}\n".encode() in path.read_bytes():
            path.chmod(0)
            return path
    pytest.fail("no such message")


def test_a_poison_message_goes_to_quarantine_and_the_rest_goes_on(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(*(mail(number) for number in range(1, 8)))
    with dovecot.client() as client:
        client.fetch("1:7", "(RFC822.SIZE)")
    poison = spoil(dovecot, 4)
    moment = clock.now()
    for minutes in (0, 1, 2, 15, 30, 60):
        with clock.frozen_at(moment + timedelta(minutes=minutes)):
            for _session in range(4):
                try:
                    read(box, everything=True, one_by_one=True)
                except SessionBroken:
                    continue  # a new session, as the reader does
                break
    kept = PulledMail.objects.filter(state=PulledState.KEPT)
    assert kept.count() == 6
    failed = PulledMail.objects.get(state=PulledState.FAILED)
    assert failed.attempts == 3
    assert failed.raw_mail is not None
    assert failed.raw_mail.state == MailState.QUARANTINED
    assert "could not be fetched" in failed.raw_mail.reason
    assert not mail_health().good
    # The server is repaired, and a person presses "try again".
    poison.chmod(0o666)
    services.try_again(actor=SYSTEM, raw_mail_id=failed.raw_mail.pk)
    read(box)
    process_all()
    assert len(subjects()) == 7
    failed.raw_mail.refresh_from_db()
    assert (failed.raw_mail.state, failed.raw_mail.outcome) == (MailState.STORED, "discarded")
    assert mail_health().good


class Refusing(Session):
    """A session with a real server that says no to some messages."""

    refused: frozenset[int] = frozenset()
    breaks = False

    def bodies(self, uids: Any, *, only_header: bool = False) -> dict[int, bytes]:
        """As the server, but for the refused ones."""
        if self.refused & set(uids):
            raise SessionBroken("gone") if self.breaks else MessageRefused("[SERVERBUG] not this one")
        return super().bodies(uids, only_header=only_header)


def test_one_refused_message_does_not_take_its_neighbours_along(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(*(mail(number) for number in range(1, 6)))
    with open_session(box, Tokens()) as session:
        session.__class__ = Refusing
        session.refused = frozenset({2, 4})  # type: ignore[attr-defined]  # the class was changed
        mailbox = begin(box.pk, session)
        done = pull(mailbox, session, everything=True)
    assert (done.kept, done.failed) == (3, 2)
    with clock.frozen_at(clock.now() + timedelta(minutes=2)):
        assert read(box).kept == 2


def test_a_message_that_breaks_the_connection_is_found_and_left_aside(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(*(mail(number) for number in range(1, 6)))
    for turn in range(3):
        with open_session(box, Tokens()) as session:
            session.__class__ = Refusing
            session.refused, session.breaks = frozenset({3}), True  # type: ignore[attr-defined]  # the class was changed
            mailbox = begin(box.pk, session)
            if turn == 2:
                assert pull(mailbox, session, everything=True, one_by_one=True).kept == 2
            else:
                with pytest.raises(SessionBroken):
                    pull(mailbox, session, everything=True, one_by_one=turn > 0)
    assert PulledMail.objects.filter(state=PulledState.KEPT).count() == 4


def test_a_mail_that_stumbles_our_reading_stops_nothing(
    box: Mailbox, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
):
    dovecot.deliver(mail(1), mail(2), mail(3))
    real = services.store

    def stumbling(**values: Any) -> int:
        if b"Kettle 2" in values["raw"]:
            raise RuntimeError("a mistake of ours")
        return real(**values)

    with monkeypatch.context() as patch:
        patch.setattr(services, "store", stumbling)
        assert read(box).kept == 2
    with clock.frozen_at(clock.now() + timedelta(minutes=2)):
        assert read(box).kept == 1


def test_a_mail_above_the_limit_is_shown_by_its_head(box: Mailbox, dovecot: Dovecot, settings: Any):
    settings.AMENDS_MAIL_SIZE_LIMIT = 1000
    dovecot.deliver(mail(1), mail(2) + b"x" * 5000, mail(3))
    assert read(box).kept == 3
    held = RawMail.objects.get(state=MailState.QUARANTINED)
    assert "5," in held.reason
    assert (held.subject, held.sender) == ("Kettle 2", "maya2@example.org")
    assert b"xxx" not in bytes(held.data)


def test_one_mail_in_the_mailboxes_of_two_units_is_seen_by_both_units(
    house: House, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
):
    london = add(house.london.pk, dovecot, monkeypatch, name="London")
    berlin = add(house.berlin.pk, dovecot, monkeypatch, name="Berlin", user="berlin")
    dovecot.deliver(mail(1))
    dovecot.deliver(mail(1), user="berlin")
    for one in (london, berlin):
        assert read(one).kept == 1
    process_all()
    assert set(Complaint.objects.values_list("unit_id", flat=True)) == {house.london.pk, house.berlin.pk}


def test_mail_of_a_mailbox_belongs_to_its_unit(house: House, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch):
    berlin = add(house.berlin.pk, dovecot, monkeypatch, name="Berlin", user="berlin")
    dovecot.deliver(mail(1, To="somebody@example.net"), user="berlin")
    read(berlin)
    process_all()
    assert Complaint.objects.get().unit_id == house.berlin.pk


def test_what_was_there_before_can_be_left_aside(house: House, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch):
    dovecot.deliver(mail(1), mail(2))
    time.sleep(1.1)  # the server's dates have whole seconds
    box = add(house.root.pk, dovecot, monkeypatch, skip_existing=True)
    assert read(box) == Pulled()
    time.sleep(1.1)
    dovecot.deliver(mail(3))
    number_anew(dovecot)
    assert read(box).kept == 1
    assert [one.subject for one in RawMail.objects.all()] == [""]


def test_no_number_above_or_below_the_cursor_can_hide(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1), mail(2), mail(3))
    read(box)
    PulledMail.objects.filter(uid=2).delete()
    assert read(box) == Pulled()
    assert read(box, everything=True).known + read(box, everything=True).kept == 0 or RawMail.objects.count() == 4
    assert PulledMail.objects.filter(uid=2, state=PulledState.KEPT).exists()


def test_a_change_of_the_folder_begins_at_its_first_message(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1))
    read(box)
    dovecot.deliver(mail(2), user="berlin")
    changed = change_mailbox(actor=SYSTEM, mailbox_id=box.pk, values={"user": "berlin"})
    assert read(changed).kept == 1
    assert RawMail.objects.count() == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"secret": "env:AMENDS_MAILBOX_SECRET_WRONG"}, "refused the sign-in"),
        ({"secret": "env:AMENDS_MAILBOX_SECRET_ABSENT"}, "is not set"),
        ({"secret": "file:absent"}, "cannot be read"),
        ({"folder": "Nowhere"}, "folder cannot be opened"),
        ({"host": "127.0.0.1", "port": 1}, "No connection"),
        ({"tls": "none", "host": "192.0.2.1"}, "Without TLS"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_without_the_secret(
    box: Mailbox, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], words: str
):
    monkeypatch.setenv("AMENDS_MAILBOX_SECRET_WRONG", "not-this-one")
    change_mailbox(actor=SYSTEM, mailbox_id=box.pk, values=values)
    found = try_out(actor=SYSTEM, mailbox_id=box.pk)
    assert not found.works
    assert words in found.sentence
    assert "not-this-one" not in found.sentence
    assert PASSWORD not in found.sentence


def test_a_certificate_that_nobody_vouches_for_is_refused(box: Mailbox, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "CERTIFICATE_VERIFY_FAILED" in try_out(actor=SYSTEM, mailbox_id=box.pk).sentence


def test_starttls_works_and_so_does_no_tls_on_this_machine(box: Mailbox, dovecot: Dovecot):
    for tls in ("starttls", "none"):
        change_mailbox(actor=SYSTEM, mailbox_id=box.pk, values={"tls": tls, "port": dovecot.port})
        assert try_out(actor=SYSTEM, mailbox_id=box.pk).works, tls


def test_pauses_grow_and_stay_below_six_minutes():
    assert pause_after(1, 0.5) == 2.0
    assert pause_after(3, 0.5) == 8.0
    assert 250 < pause_after(500, 0.0) < pause_after(500, 1.0) < 360


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Until it is true."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def readers(transactional_db: None) -> Iterator[Callable[[], None]]:
    """The threads of `amends mail`, started when the test says so."""
    stop = threading.Event()
    thread = threading.Thread(target=Readers().run, args=(stop,))

    yield thread.start
    stop.set()
    if thread.is_alive():
        thread.join(20)
    assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_mail_that_comes_while_we_listen_is_kept_at_once(readers: Callable[[], None], box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1))
    readers()
    wait_until(lambda: RawMail.objects.count() == 1)
    began = time.monotonic()
    dovecot.deliver(mail(2))
    wait_until(lambda: RawMail.objects.count() == 2)
    assert time.monotonic() - began < 5
    assert Mailbox.objects.get().last_contact_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_broken_mailbox_blocks_no_other_and_says_so(
    readers: Callable[[], None], box: Mailbox, dovecot: Dovecot, house: House, monkeypatch: pytest.MonkeyPatch
):
    add(house.berlin.pk, dovecot, monkeypatch, name="Broken", user="berlin", folder="Nowhere")
    add(house.london.pk, dovecot, monkeypatch, name="Away", host="127.0.0.1", port=1)
    dovecot.deliver(mail(1))
    readers()
    wait_until(lambda: RawMail.objects.count() == 1)
    wait_until(lambda: Mailbox.objects.exclude(last_error="").count() == 2)
    assert Mailbox.objects.get(name="Care").last_error == ""
    dovecot.deliver(mail(2))
    wait_until(lambda: RawMail.objects.count() == 2)


@pytest.mark.django_db(transaction=True)
def test_the_reader_comes_back_after_an_outage_and_the_trouble_is_forgotten(
    readers: Callable[[], None], box: Mailbox, dovecot: Dovecot
):
    readers()
    wait_until(lambda: Mailbox.objects.get().last_contact_at is not None)
    dovecot.stop()
    wait_until(lambda: Mailbox.objects.get().failing_since is not None)
    dovecot.start()
    dovecot.deliver(mail(1))
    wait_until(lambda: RawMail.objects.count() == 1, 30)
    wait_until(lambda: Mailbox.objects.get().last_error == "")


@pytest.mark.django_db(transaction=True)
def test_a_deactivated_mailbox_is_read_no_more(readers: Callable[[], None], box: Mailbox, dovecot: Dovecot):
    readers()
    wait_until(lambda: Mailbox.objects.get().last_contact_at is not None)
    change_mailbox(actor=SYSTEM, mailbox_id=box.pk, values={"active": False})
    locks = ReadingLocks()
    wait_until(lambda: locks.acquire(box.pk))
    locks.close()
    dovecot.deliver(mail(1))
    time.sleep(1)
    assert RawMail.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_processes_do_not_read_one_mailbox_at_a_time(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1))
    first, second = ReadingLocks(), ReadingLocks()
    assert first.acquire(box.pk)
    assert not second.acquire(box.pk)
    waiting = Reader(box.pk, locks=second, tokens=Tokens())
    assert waiting._turn() > 1
    assert RawMail.objects.count() == 0
    first.close()  # the process died
    assert second.acquire(box.pk)
    assert second.holds(box.pk)
    second.close()


def test_even_when_two_read_at_once_each_mail_is_kept_once(box: Mailbox, dovecot: Dovecot):
    dovecot.deliver(mail(1))
    with open_session(box, Tokens()) as one, open_session(box, Tokens()) as other:
        mailbox = begin(box.pk, one)
        begin(box.pk, other)
        assert cursor.keep(mailbox=mailbox, uid=1, raw=one.bodies([1])[1])
        assert not cursor.keep(mailbox=mailbox, uid=1, raw=other.bodies([1])[1])
    assert RawMail.objects.count() == 1
