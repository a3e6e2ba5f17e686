"""Which case an answer joins, who may join it, and what is new in it. Never another customer's case."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings
from tests.intake.email.conftest import crlf
from tests.intake.email.test_filing import MAILBOX, arrive, mail, sent_to_customer
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM, User, actor_for_user
from amends.audit.public import records_of
from amends.cases.public import (
    Complaint,
    Message,
    Person,
    Phase,
    access_complaint,
    admit,
    assign,
    claim_for_sending,
    links_of,
    mark_sent,
    move,
    queue_message,
    receive_message,
    reply_address,
)
from amends.core import clock
from amends.core.errors import Conflict, NotFound
from amends.intake.channels.email import services as mail_services
from amends.intake.channels.email.models import MailOutcome, RawMail
from amends.intake.channels.mailroom import jobs, services
from amends.notifications.public import Notification

STRANGER = "Charlie <charlie@example.net>"


def stray(case: Complaint, **values: object) -> RawMail:
    """A mail with the case's token from somebody else."""
    token = reply_address(case.public_id, MAILBOX)
    return arrive(mail(sender=STRANGER, to=token, **values), envelope_from="charlie@example.net")  # type: ignore[arg-type]


def closed(case: Complaint) -> None:
    """Resolve and close."""
    move(actor=SYSTEM, complaint_id=case.pk, action="acknowledge")
    move(actor=SYSTEM, complaint_id=case.pk, action="resolve", outcome="upheld", reason="Refunded.")
    move(actor=SYSTEM, complaint_id=case.pk, action="close")


# -- somebody else ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["to", "in_reply_to", "subject"])
def test_a_stranger_lands_in_no_case_and_somebody_decides(house: House, alice: User, complaint: Complaint, where: str):
    assign(actor=SYSTEM, complaint_id=complaint.pk, owner_id=alice.pk)
    ours = sent_to_customer(complaint)
    token = reply_address(complaint.public_id, MAILBOX)
    raw = mail(
        sender=STRANGER,
        to=token if where == "to" else MAILBOX,
        extra=f"In-Reply-To: <{ours.message_id}>\n" if where == "in_reply_to" else "",
        subject=f"Re: your case {complaint.reference}" if where == "subject" else "Hello",
    )
    row = arrive(raw, envelope_from="charlie@example.net")
    assert (row.state, row.strayed, row.complaint_id) == ("quarantined", True, complaint.pk)
    assert bytes(row.data) == raw
    assert Complaint.objects.count() == 1
    assert not Message.objects.filter(complaint=complaint, text="It leaks.").exists()
    told = Notification.objects.get(user=alice, kind="somebody_else_wrote")
    assert told.title.startswith(f"{complaint.reference}: ")
    assert "charlie" not in told.title.lower()
    assert [one.pk for one in services.waiting(actor_for_user(alice))] == [row.pk]


def test_the_customer_with_only_the_reference_in_the_subject_joins_the_case(house: House, complaint: Complaint):
    row = arrive(mail(subject=f"AW: Speaker [{complaint.reference.lower()}]"))  # type: ignore[union-attr]
    assert (row.outcome, row.complaint_id) == (MailOutcome.REPLY, complaint.pk)


def test_a_reference_of_another_customer_lets_nobody_in(house: House, complaint: Complaint):
    other = new_complaint(house.london, complainant=Person(name="Otto", email="otto@example.org"), text="Other words.")
    row = arrive(mail(subject=f"{complaint.reference} and {other.reference}", sender="otto@example.org"))
    assert row.complaint_id == other.pk  # of the two only this one is his
    assert Message.objects.filter(complaint=complaint).count() == 1


def test_the_same_subject_without_headers_never_merges_two_customers(house: House):
    first = arrive(mail(sender="a@example.org", subject="Kettle", number=1))
    second = arrive(mail(sender="b@example.org", subject="Re: Kettle", number=2))
    assert {first.outcome, second.outcome} == {MailOutcome.COMPLAINT}
    assert first.complaint_id != second.complaint_id


def test_a_common_ancestor_outside_merges_nobody(house: House):
    news = "References: <newsletter-7@shop.example>\nIn-Reply-To: <newsletter-7@shop.example>\n"
    first = arrive(mail(sender="a@example.org", extra=news, number=1))
    second = arrive(mail(sender="b@example.org", extra=news, number=2))
    assert first.complaint_id != second.complaint_id


def test_a_postscript_to_one_s_own_mail_joins_its_case_but_only_for_its_writer(house: House):
    first = arrive(mail())
    own = "In-Reply-To: <m1@example.org>\n"
    again = arrive(mail(text="P.S. It is the blue one.", extra=own, number=2))
    assert (again.outcome, again.complaint_id) == (MailOutcome.REPLY, first.complaint_id)
    other = arrive(mail(sender="b@example.org", text="Mine too.", extra=own, number=3), envelope_from="b@example.org")
    assert (other.outcome, other.complaint_id == first.complaint_id) == (MailOutcome.COMPLAINT, False)


def test_it_belongs_to_the_case_and_the_sender_is_known_from_then_on(house: House, alice: User, complaint: Complaint):
    row = stray(complaint)
    decided = services.decide(actor=actor_for_user(alice), raw_mail_id=row.pk, decision="known")
    assert (decided.outcome, decided.complaint_id) == (MailOutcome.REPLY, complaint.pk)
    assert Message.objects.get(pk=decided.case_message_id).from_address == "charlie@example.net"
    again = stray(complaint, text="And another thing.", number=2)
    assert (again.outcome, again.complaint_id) == (MailOutcome.REPLY, complaint.pk)
    fresh = queue_message(actor=SYSTEM, complaint_id=complaint.pk, kind="message", subject="s", text="t")
    assert fresh is not None
    assert fresh.to_address == "maya@example.org"  # our mail goes where it went


def test_a_representative_gets_our_mail_from_then_on(house: House, alice: User, complaint: Complaint):
    row = stray(complaint)
    services.decide(actor=actor_for_user(alice), raw_mail_id=row.pk, decision="representative")
    fresh = queue_message(actor=SYSTEM, complaint_id=complaint.pk, kind="message", subject="s", text="t")
    assert fresh is not None
    assert fresh.to_address == "charlie@example.net"
    with pytest.raises(Conflict):
        admit(actor=SYSTEM, complaint_id=complaint.pk, address="third@example.org", as_representative=True)


def test_a_case_of_its_own_was_received_when_the_mail_came(house: House, alice: User, complaint: Complaint):
    row = stray(complaint)
    with clock.frozen_at(clock.now() + timedelta(hours=2)):
        decided = services.decide(actor=actor_for_user(alice), raw_mail_id=row.pk, decision="own_case")
    new = decided.complaint
    assert new is not None
    assert new.pk != complaint.pk
    assert (new.received_at, new.attributes["mentions_case"]) == (row.received_at, complaint.reference)
    assert new.customer.email == "charlie@example.net"


def test_discarded_bytes_stay_and_a_second_decision_is_refused(house: House, alice: User, complaint: Complaint):
    row = stray(complaint)
    decided = services.decide(actor=actor_for_user(alice), raw_mail_id=row.pk, decision="discard")
    assert (decided.outcome, bytes(decided.data)) == (MailOutcome.DISCARDED, bytes(row.data))
    with pytest.raises(NotFound):
        services.decide(actor=actor_for_user(alice), raw_mail_id=row.pk, decision="own_case")


def test_what_nobody_decides_about_becomes_a_complaint_by_itself(
    house: House, complaint: Complaint, settings: Settings
):
    row = stray(complaint)
    assert jobs.decide_overdue_mail(timestamp=0) == 0
    with clock.frozen_at(clock.now() + timedelta(hours=settings.AMENDS_STRANGER_HOURS, minutes=1)):
        assert jobs.decide_overdue_mail(timestamp=0) == 1
        assert jobs.decide_overdue_mail(timestamp=0) == 0
    row.refresh_from_db()
    assert (row.outcome, row.complaint_id != complaint.pk) == (MailOutcome.COMPLAINT, True)


def test_the_outsider_never_sees_the_list_s_mail_of_others(
    client: Client, house: House, alice: User, charlie: User, complaint: Complaint
):
    row = stray(complaint)
    client.force_login(charlie)
    assert b"example.net" not in client.get("/mail/others/").content
    for path in ("", "raw/"):
        assert client.get(f"/mail/others/{row.pk}/{path}").status_code == 404
    assert client.post(f"/mail/others/{row.pk}/decide/", {"decision": "discard"}).status_code == 404
    assert client.get(f"/cases/{complaint.reference}/mail/{row.pk}/raw/").status_code == 404
    client.force_login(alice)
    page = client.get("/mail/others/").content.decode()
    assert "charlie@example.net" in page
    assert complaint.reference in page  # type: ignore[operator]
    assert client.get(f"/mail/others/{row.pk}/").status_code == 200
    assert client.get(f"/mail/others/{row.pk}/raw/").content == bytes(row.data)
    assert client.post(f"/mail/others/{row.pk}/decide/", {"decision": "nonsense"}).status_code == 422
    answer = client.post(f"/mail/others/{row.pk}/decide/", {"decision": "known"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.complaint_id == complaint.pk


# -- colleagues ---------------------------------------------------------------------------------------------------------


def test_a_colleague_s_mail_about_a_case_is_a_note_no_customer_sees(house: House, bob: User, complaint: Complaint):
    token = reply_address(complaint.public_id, MAILBOX)
    row = arrive(mail(sender="BOB@northlight.example", to=token, text="The batch is known to fail."))
    assert (row.outcome, row.complaint_id) == (MailOutcome.REPLY, complaint.pk)
    note = Message.objects.get(pk=row.case_message_id)
    assert (note.direction, note.channel, note.author_id) == ("internal", "email", None)
    assert (note.from_name, note.source_mail) == ("Bob Example", row.pk)
    (entry,) = [one for one in records_of(f"complaint:{complaint.pk}") if one.kind == "note_added"]
    assert (entry.actor_kind, entry.data["by_mail_of"]) == ("system", bob.pk)  # an address is no proof


def test_a_colleague_who_may_not_see_the_case_is_somebody_else(house: House, charlie: User, complaint: Complaint):
    token = reply_address(complaint.public_id, MAILBOX)
    row = arrive(mail(sender=charlie.email, to=token))
    assert (row.state, row.strayed) == ("quarantined", True)


def test_a_colleague_s_out_of_office_answer_reaches_no_customer(house: House, bob: User, complaint: Complaint):
    token = reply_address(complaint.public_id, MAILBOX)
    row = arrive(mail(sender=bob.email, to=token, extra="Auto-Submitted: auto-replied\n", text="Back on Monday."))
    assert row.outcome == MailOutcome.AUTO_REPLY
    assert not Message.objects.filter(complaint=complaint, text__contains="Monday").exists()
    (line,) = [one for one in records_of(f"complaint:{complaint.pk}") if one.kind == "auto_reply_received"]
    assert line.data == {"mail": row.pk, "of_colleague": True}


FORWARDED = """
From: Alice Example <alice@northlight.example>
To: care@amends.localhost
Subject: Fwd: Broken kettle
Message-ID: <f1@northlight.example>

Please see below.

---------- Forwarded message ---------
From: Otto Klein <otto@example.org>
Date: Mon, 2 Mar 2026 at 09:30
Subject: Broken kettle
To: Alice Example <alice@northlight.example>

The kettle I bought on Saturday leaks.
"""


def test_what_a_colleague_forwards_is_the_complaint_of_who_wrote_it(house: House, alice: User):
    row = arrive(crlf(FORWARDED), envelope_from=alice.email)
    case = row.complaint
    assert case is not None
    assert (case.customer.name, case.customer.email) == ("Otto Klein", "otto@example.org")
    assert case.attributes["forwarded_by"] == alice.email
    assert "leaks" in case.text


def test_what_a_customer_forwards_stays_theirs_and_names_the_first_writer(house: House):
    raw = crlf(FORWARDED.replace("alice@northlight.example", "maya@example.org"))
    case = arrive(raw).complaint
    assert case is not None
    assert case.customer.email == "maya@example.org"
    assert "otto@example.org" in case.attributes["forwarded_from"]


# -- settled cases ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 13])
def test_an_answer_soon_after_the_closing_opens_the_case_again(house: House, complaint: Complaint, days: int):
    closed(complaint)
    with clock.frozen_at(clock.now() + timedelta(days=days)):
        row = arrive(mail(to=reply_address(complaint.public_id, MAILBOX), text="It is broken again."))
    complaint.refresh_from_db()
    assert (row.outcome, complaint.phase) == (MailOutcome.REPLY, Phase.INVESTIGATING)
    assert complaint.closed_at is None


def test_an_answer_long_after_the_closing_is_a_new_case_linked_to_the_old_one(
    client: Client, house: House, alice: User, complaint: Complaint
):
    closed(complaint)
    with clock.frozen_at(clock.now() + timedelta(days=15)):
        row = arrive(mail(to=reply_address(complaint.public_id, MAILBOX), text="It is broken again."))
    complaint.refresh_from_db()
    new = row.complaint
    assert new is not None
    assert (row.outcome, complaint.phase, new.pk != complaint.pk) == (MailOutcome.COMPLAINT, Phase.CLOSED, True)
    assert (new.unit_id, new.customer_id, new.text) == (complaint.unit_id, complaint.customer_id, "It is broken again.")
    (there,) = links_of(new)
    (back,) = links_of(complaint)
    assert (there.complaint.pk, there.newer, there.kind) == (complaint.pk, False, "follows")
    assert (back.complaint.pk, back.newer) == (new.pk, True)
    assert {one.kind for one in records_of(f"complaint:{complaint.pk}")} >= {"case_linked"}
    client.force_login(alice)
    for one, other in ((new, complaint), (complaint, new)):
        assert f"/cases/{other.reference}/" in client.get(f"/cases/{one.reference}/").content.decode()


def test_a_second_answer_to_a_case_closed_long_ago_joins_the_new_case_and_makes_no_third_one(
    house: House, complaint: Complaint
):
    closed(complaint)
    token = reply_address(complaint.public_id, MAILBOX)
    with clock.frozen_at(clock.now() + timedelta(days=15)):
        first = arrive(mail(to=token, text="It is broken again."))
        second = arrive(mail(to=token, text="And it smells of smoke.", number=2))
        assert (second.outcome, second.complaint_id) == (MailOutcome.REPLY, first.complaint_id)
        assert Complaint.objects.count() == 2
        # Somebody of the old case who does not belong to the new one gets a case of their own.
        admit(actor=SYSTEM, complaint_id=complaint.pk, address="otto@example.org", as_representative=False)
        other = arrive(mail(sender="otto@example.org", to=token, text="Mine broke as well.", number=3))
        assert (other.outcome, other.complaint_id in (complaint.pk, first.complaint_id)) == (
            MailOutcome.COMPLAINT,
            False,
        )


def test_an_answer_that_comes_through_the_mailbox_of_another_unit_joins_its_case(house: House, complaint: Complaint):
    house.berlin.inbound_address = "berlin@amends.localhost"
    house.berlin.save(update_fields=["inbound_address"])
    ours = sent_to_customer(complaint)
    row = arrive(
        mail(to="berlin@amends.localhost", extra=f"In-Reply-To: <{ours.message_id}>\n"), to="berlin@amends.localhost"
    )
    assert (row.outcome, row.complaint_id) == (MailOutcome.REPLY, complaint.pk)
    complaint.refresh_from_db()
    assert complaint.unit_id == house.london.pk
    assert Complaint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_copies_of_one_mail_that_several_workers_read_at_once_are_one_complaint(house: House):
    numbers = [
        mail_services.store(raw=mail(), envelope_from="maya@example.org", envelope_to=[MAILBOX]) for _copy in range(6)
    ]
    start, failures = threading.Barrier(len(numbers)), []

    def work(number: int) -> None:
        start.wait()
        try:
            mail_services.process(raw_mail_id=number)
        except Exception as error:  # noqa: BLE001  # whatever it was, the test says it
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in numbers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert Complaint.objects.count() == 1
    outcomes = sorted(RawMail.objects.values_list("outcome", flat=True))
    assert outcomes == ["complaint"] + ["duplicate"] * 5
    assert Message.objects.filter(direction="in").count() == 1


def test_a_resolved_case_opens_again_however_late(house: House, complaint: Complaint):
    move(actor=SYSTEM, complaint_id=complaint.pk, action="acknowledge")
    move(actor=SYSTEM, complaint_id=complaint.pk, action="resolve", outcome="upheld", reason="Refunded.")
    with clock.frozen_at(clock.now() + timedelta(days=60)):
        arrive(mail(to=reply_address(complaint.public_id, MAILBOX), text="The money never came."))
    complaint.refresh_from_db()
    assert complaint.phase == Phase.INVESTIGATING


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("Thank you very much!", False),
        ("Vielen Dank für Ihre schnelle Hilfe. Viele Grüße, Maya", False),
        ("Thanks for nothing.", True),
        ("Thank you, but it still leaks.", True),
        ("Thanks?", True),
        ("Danke, aber das Geld ist nicht da.", True),
    ],
)
def test_only_thanks_leave_a_settled_case_settled(house: House, complaint: Complaint, text: str, opens: bool):
    closed(complaint)
    row = arrive(mail(to=reply_address(complaint.public_id, MAILBOX), text=text))
    complaint.refresh_from_db()
    assert row.outcome == MailOutcome.REPLY
    assert (complaint.phase == Phase.INVESTIGATING) == opens


# -- one mail to several of our addresses ---------------------------------------------------------------------------------


@pytest.fixture
def doors(house: House) -> House:
    """The two shops with addresses of their own."""
    for unit, address in ((house.london, "london@amends.localhost"), (house.berlin, "berlin@amends.localhost")):
        unit.sender_email = address
        unit.save(update_fields=["sender_email"])
    return house


def test_one_mail_to_two_shops_is_one_linked_case_in_each(doors: House):
    raw = mail(to="london@amends.localhost, berlin@amends.localhost")
    rows = [arrive(raw, to="london@amends.localhost"), arrive(raw, to="berlin@amends.localhost")]
    assert [row.outcome for row in rows] == [MailOutcome.COMPLAINT, MailOutcome.DUPLICATE]
    cases = list(Complaint.objects.order_by("pk"))
    assert {one.unit_id for one in cases} == {doors.london.pk, doors.berlin.pk}
    assert [(one.kind, one.complaint.pk) for one in links_of(cases[0])] == [("same_mail", cases[1].pk)]


def test_one_mail_to_a_shop_and_to_the_organisation_is_one_case_of_the_shop(doors: House):
    raw = mail(to=f"{MAILBOX}, london@amends.localhost")
    rows = [arrive(raw), arrive(raw, to="london@amends.localhost")]
    assert [row.outcome for row in rows] == [MailOutcome.COMPLAINT, MailOutcome.DUPLICATE]
    assert Complaint.objects.get().unit_id == doors.london.pk


def test_our_address_in_copy_makes_no_second_case_and_is_not_answered(house: House, complaint: Complaint):
    token = reply_address(complaint.public_id, MAILBOX)
    row = arrive(mail(to=token, extra=f"Cc: {MAILBOX}\n"))
    assert (row.outcome, row.complaint_id) == (MailOutcome.REPLY, complaint.pk)
    assert Complaint.objects.count() == 1


# -- the new words --------------------------------------------------------------------------------------------------------

LETTER = (
    "Dear Maya,\n\nthank you for telling us about the speaker. We are very sorry that it stopped and that nobody "
    "answered you for nine days.\n\nWe will send you a new one by Friday.\n\nKind regards,\nBob Example"
)


def test_the_new_words_are_what_differs_from_our_message(house: House, complaint: Complaint):
    message = queue_message(actor=SYSTEM, complaint_id=complaint.pk, kind="message", subject="s", text=LETTER)
    assert message is not None
    claim_for_sending(message_id=message.pk)
    mark_sent(message_id=message.pk)
    # No mark of a quote, wrapped anew, introduced in a language that no list knows.
    quoted = LETTER.replace("\n\n", "\n").replace("very sorry", "very\nsorry")
    text = f"It came, but it is the wrong colour.\n\nTus 2 Mar 09:00, Care <{MAILBOX}> sau:\n{quoted}"
    row = arrive(mail(to=reply_address(complaint.public_id, MAILBOX), text=text))
    assert row.case_message is not None
    assert row.case_message.text == "It came, but it is the wrong colour."


def test_a_colleague_without_rights_in_the_case_opens_nothing(house: House, conny: User, complaint: Complaint):
    token = reply_address(complaint.public_id, MAILBOX)
    row = arrive(mail(sender=conny.email, to=token))  # compliance reads all, but works on nothing
    assert row.strayed


def test_mail_in_the_case_keeps_the_way_to_its_bytes(client: Client, house: House, alice: User, complaint: Complaint):
    raw = mail(to=reply_address(complaint.public_id, MAILBOX), text="Still broken.")
    row = arrive(raw)
    client.force_login(alice)
    address = f"/cases/{complaint.reference}/mail/{row.pk}/raw/"
    assert address in client.get(f"/cases/{complaint.reference}/").content.decode()
    answer = client.get(address)
    assert answer.content == raw
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_reply_while_the_case_is_open_changes_no_phase(house: House, complaint: Complaint):
    before = access_complaint(SYSTEM, complaint.pk).phase
    arrive(mail(to=reply_address(complaint.public_id, MAILBOX), text="Any news?"))
    assert access_complaint(SYSTEM, complaint.pk).phase == before
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="phone", text="Any news?")
    assert mail_services.left_behind() == []
