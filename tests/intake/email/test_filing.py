"""Where a mail ends: its case, a new case, a report, the quarantine. Never another customer's case."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from tests.intake.email.conftest import crlf
from tests.people import House

from amends.accounts.public import SYSTEM, actor_for_user
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    claim_for_sending,
    mark_sent,
    queue_message,
    reply_address,
)
from amends.core.errors import Conflict, NotAllowed, NotFound
from amends.intake.channels.email import filing, services
from amends.intake.channels.email.figures import counts
from amends.intake.channels.email.models import MailOutcome, MailState, RawMail

MAILBOX = "care@amends.localhost"


def mail(
    sender: str = "Maya Okafor <maya@example.org>",
    to: str = MAILBOX,
    subject: str = "Kettle",
    text: str = "It leaks.",
    extra: str = "",
    number: int = 1,
) -> bytes:
    """A mail to us."""
    head = f"From: {sender}\nTo: {to}\nSubject: {subject}\nDate: Mon, 2 Mar 2026 09:30:00 +0000\n"
    return crlf(f"{head}Message-ID: <m{number}@example.org>\n{extra}\n{text}\n")


def arrive(raw: bytes, to: str = MAILBOX, envelope_from: str = "maya@example.org") -> RawMail:
    """The whole way of a mail, without the wire and the worker."""
    number = services.store(raw=raw, envelope_from=envelope_from, envelope_to=[to])
    services.process(raw_mail_id=number)
    return RawMail.objects.get(pk=number)


def sent_to_customer(case: Complaint) -> Message:
    """A message of ours that has left."""
    message = queue_message(
        actor=SYSTEM, complaint_id=case.pk, kind="message", subject="Re: Kettle", text="We are on it."
    )
    assert message is not None
    claim_for_sending(message_id=message.pk)
    mark_sent(message_id=message.pk)
    return Message.objects.get(pk=message.pk)


def test_a_mail_becomes_a_complaint_with_its_files_and_its_bytes(house: House):
    raw = crlf("""
From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <joerg@example.org>
To: care@amends.localhost
Subject: Kettle
Message-ID: <k1@example.org>
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>Es <b>tropft</b><script>x()</script></p>
--b
Content-Type: application/octet-stream; name=photo.jpg
Content-Transfer-Encoding: base64

/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQ==
--b--
""")
    row = arrive(raw, envelope_from="joerg@example.org")
    case = row.complaint
    assert case is not None
    assert (row.state, row.outcome, bytes(row.data)) == ("stored", "complaint", raw)
    assert (case.channel, case.subject, case.text) == ("email", "Kettle", "Es tropft")
    assert (case.customer.name, case.customer.email) == ("Jörg Müller", "joerg@example.org")
    message = Message.objects.get(complaint=case)
    assert message.html == "<p>Es <b>tropft</b></p>"
    assert message.message_id == "k1@example.org"
    file = message.attachments.get()
    assert (file.name, file.content_type) == ("photo.jpg", "image/jpeg")
    assert case.received_at == row.received_at


def test_the_same_mail_twice_makes_one_complaint(house: House):
    first = arrive(mail())
    again = arrive(b"Received: from another relay\r\n" + mail().replace(b"\r\n", b"\n"))
    assert again.outcome == MailOutcome.DUPLICATE
    assert again.complaint_id == first.complaint_id
    assert Complaint.objects.count() == 1


def test_one_message_id_on_two_different_mails_loses_neither(house: House):
    arrive(mail())
    other = arrive(mail(text="My invoice is wrong too.", subject="Invoice"))
    assert other.outcome == MailOutcome.COMPLAINT
    assert Complaint.objects.count() == 2


def test_a_mail_without_message_id_or_date_is_taken(house: House):
    row = arrive(b"From: a@example.org\r\n\r\nno identifiers at all")
    assert row.outcome == MailOutcome.COMPLAINT


def test_processing_twice_files_once(house: House):
    row = arrive(mail())
    assert services.process(raw_mail_id=row.pk) == MailState.STORED
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize("where", ["to", "cc", "envelope", "in_reply_to", "references"])
def test_a_reply_of_the_customer_goes_to_its_case(house: House, complaint: Complaint, where: str):
    ours = sent_to_customer(complaint)
    token = reply_address(complaint.public_id, MAILBOX)
    extra = {
        "cc": f"Cc: {token}\n",
        "in_reply_to": f"In-Reply-To: <{ours.message_id}>\n",
        "references": f"References: <other@example.org> <{ours.message_id}>\n",
    }.get(where, "")
    text = f"Still broken.\n\nOn Mon, 2 Mar 2026 at 09:00, Care <{MAILBOX}> wrote:\n> We are on it."
    raw = mail(to=token.upper() if where == "to" else MAILBOX, extra=extra, text=text, sender="MAYA@example.org")
    row = arrive(raw, to=token if where == "envelope" else MAILBOX)
    assert (row.outcome, row.complaint_id) == ("reply", complaint.pk)
    assert row.case_message is not None
    assert row.case_message.text == "Still broken."
    assert Complaint.objects.count() == 1


def test_a_token_with_one_wrong_letter_is_no_token(house: House, complaint: Complaint):
    token = reply_address(complaint.public_id, MAILBOX)
    local, domain = token.split("@")
    forged = f"{local[:-1]}{'a' if local[-1] != 'a' else 'b'}@{domain}"
    assert arrive(mail(to=forged), to=forged).complaint_id != complaint.pk


REPORT = """
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

I could not deliver your message.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; maya@example.org
Action: {action}
Status: {status}

--b
Content-Type: message/rfc822

{returned}Subject: Re: Kettle

We are on it.
--b--
"""


def report(to: str = MAILBOX, action: str = "failed", status: str = "5.1.1", returned: str = "") -> bytes:
    """A delivery report."""
    return crlf(REPORT.format(to=to, action=action, status=status, returned=returned))


@pytest.mark.parametrize("by", ["message_id", "token"])
def test_a_bounce_marks_our_message_and_makes_no_complaint(house: House, complaint: Complaint, by: str):
    ours = sent_to_customer(complaint)
    token = reply_address(complaint.public_id, MAILBOX)
    raw = report(returned=f"Message-ID: <{ours.message_id}>\n") if by == "message_id" else report(to=token)
    row = arrive(raw, to=token if by == "token" else MAILBOX, envelope_from="")
    ours.refresh_from_db()
    assert (row.outcome, row.complaint_id, row.case_message_id) == ("bounce", complaint.pk, ours.pk)
    assert ours.state == MessageState.BOUNCED
    assert "5.1.1" in ours.state_reason
    assert "maya" not in ours.state_reason
    assert Complaint.objects.count() == 1


def test_a_delay_is_noted_but_the_message_is_not_given_up(house: House, complaint: Complaint):
    ours = sent_to_customer(complaint)
    row = arrive(report(action="delayed", status="4.4.1", returned=f"Message-ID: <{ours.message_id}>\n"))
    ours.refresh_from_db()
    assert (row.outcome, ours.state) == ("delivery_notice", "sent")


def test_a_bounce_of_nothing_we_know_is_stored_all_the_same(house: House):
    row = arrive(report())
    assert (row.state, row.outcome, row.complaint_id) == ("stored", "bounce", None)


def test_an_out_of_office_answer_is_no_complaint_and_no_word_of_the_customer(house: House, complaint: Complaint):
    token = reply_address(complaint.public_id, MAILBOX)
    row = arrive(mail(to=token, extra="Auto-Submitted: auto-replied\n", text="I am away."))
    assert (row.outcome, row.complaint_id) == ("auto_reply", complaint.pk)
    assert Complaint.objects.count() == 1
    assert Message.objects.filter(complaint=complaint).count() == 1


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (mail(sender="nobody at all"), "sender"),
        (mail(sender=MAILBOX), "own address"),
        (mail(extra="List-Id: <news.example.org>\n"), "list"),
        (b"From: a@example.org\r\nContent-Type: text/plain\r\n\r\n \r\n", "empty"),
        (b"\x00\xff\x00", "sender"),
    ],
)
def test_what_needs_a_person_waits_in_the_quarantine_with_its_reason(house: House, raw: bytes, word: str):
    row = arrive(raw, envelope_from="")
    assert row.state == MailState.QUARANTINED
    assert word in row.reason
    assert bytes(row.data) == raw
    assert Complaint.objects.count() == 0


def test_two_programs_that_answer_each_other_end_in_the_quarantine(house: House, complaint: Complaint):
    ours = sent_to_customer(complaint)
    rows = [
        arrive(
            mail(
                sender="robot@example.net",
                text=f"Ticket {number} received",
                number=number,
                extra=f"In-Reply-To: <{ours.message_id}>\n",
            )
        )
        for number in range(filing.STRAYED_PER_HOUR + 2)
    ]
    assert {row.state for row in rows} == {"quarantined"}
    assert [row.strayed for row in rows] == [True] * filing.STRAYED_PER_HOUR + [False, False]
    assert "two programs" in rows[-1].reason
    assert Complaint.objects.count() == 1
    assert Message.objects.filter(complaint=complaint, direction="out").count() == 1  # nobody was answered


def test_a_mail_that_asks_for_no_automatic_answer_says_so_in_its_case(house: House):
    row = arrive(mail(extra="X-Auto-Response-Suppress: All\n"))
    assert row.complaint is not None
    assert row.complaint.attributes["automatic_answer"] == "no"


def test_a_mail_to_a_shop_is_the_shop_s_complaint(house: House):
    house.london.sender_email = "London@amends.localhost"
    house.london.save(update_fields=["sender_email"])
    row = arrive(mail(to="London <london@amends.localhost>"))
    assert row.complaint is not None
    assert row.complaint.unit_id == house.london.pk
    echo = arrive(mail(sender="london@amends.localhost", number=2, text="echo"))
    assert "own address" in echo.reason


def test_a_unit_s_inbound_address_is_its_door(house: House):
    house.berlin.inbound_address = "beschwerde@amends.localhost"
    house.berlin.save(update_fields=["inbound_address"])
    row = arrive(mail(to="Beschwerde@amends.localhost"))
    assert row.complaint is not None
    assert row.complaint.unit_id == house.berlin.pk


def test_a_poison_mail_ends_in_the_quarantine_and_the_others_go_on(house: House, monkeypatch: pytest.MonkeyPatch):
    def stumble(*_arguments: object) -> filing.Filed:
        raise ZeroDivisionError

    number = services.store(raw=mail(), envelope_from="", envelope_to=[])
    with monkeypatch.context() as patch:
        patch.setattr(filing, "file_as_message", stumble)
        for _attempt in range(services.ATTEMPTS - 1):
            with pytest.raises(ZeroDivisionError):
                services.process(raw_mail_id=number)
        assert services.process(raw_mail_id=number) == MailState.QUARANTINED
    row = RawMail.objects.get(pk=number)
    assert "ZeroDivisionError" in row.reason
    assert row.sender == "maya@example.org"
    assert arrive(mail(text="another one", number=2)).outcome == MailOutcome.COMPLAINT


def test_received_is_always_waiting_plus_stored_plus_quarantined(house: House):
    arrive(mail())
    arrive(mail())
    arrive(mail(sender="x"), envelope_from="")
    services.store(raw=mail(number=9), envelope_from="", envelope_to=[])
    found = counts()
    assert (found.received, found.waiting, found.stored, found.quarantined) == (4, 1, 2, 1)
    assert found.by_outcome == {"complaint": 1, "duplicate": 1}


def test_a_director_releases_or_discards_and_nobody_does_it_twice(
    house: House, dora: object, alice: object, charlie: object
):
    row = arrive(mail(extra="Precedence: bulk\n"))
    with pytest.raises(NotAllowed):
        services.release(actor=actor_for_user(charlie), raw_mail_id=row.pk)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        services.discard(actor=actor_for_user(alice), raw_mail_id=row.pk)  # type: ignore[arg-type]
    lead = actor_for_user(dora)  # type: ignore[arg-type]
    released = services.release(actor=lead, raw_mail_id=row.pk)
    assert released.outcome == MailOutcome.COMPLAINT
    assert released.complaint is not None
    with pytest.raises(Conflict):
        services.discard(actor=lead, raw_mail_id=row.pk)
    with pytest.raises(NotFound):
        services.discard(actor=lead, raw_mail_id=row.pk + 1000)
    other = arrive(mail(extra="Precedence: bulk\n", number=2, text="buy now"))
    services.discard(actor=lead, raw_mail_id=other.pk)
    other.refresh_from_db()
    assert (other.state, other.outcome) == ("stored", "discarded")


def test_the_database_refuses_a_quarantine_without_reason(house: House):
    row = arrive(mail())
    with pytest.raises(IntegrityError):
        RawMail.objects.filter(pk=row.pk).update(state="quarantined", outcome="", reason="")
