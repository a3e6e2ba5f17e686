"""The first answer goes out by itself exactly once, and never where a person must write it."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, Team, User
from amends.cases.public import Complaint, Message, Person, mark_sent, record_assessment, reply, set_team
from amends.core import clock
from amends.notifications.public import Notification, unread
from amends.voice import jobs
from amends.voice.context import letter_context, repeatable
from amends.voice.decision import Acknowledge, Facts, decide
from amends.voice.services import acknowledge, overdue_acknowledgements

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ASSESSED: dict[str, Any] = {
    "language": "en",
    "label": "complaint",
    "category": "goods_quality",
    "severity": 2,
    "safety": False,
    "legal_or_media": False,
}
POINTS = [("stopped working after the update", "goods_quality"), ("nobody answered my e-mail", "communication")]


def assess(complaint: Complaint, **values: Any) -> None:
    record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={**ASSESSED, **values}, points=POINTS)


def letters(complaint: Complaint) -> list[Message]:
    return list(Message.objects.filter(complaint=complaint, kind="acknowledgement"))


def waiting_jobs(complaint: Complaint) -> int:
    """How many jobs wait to acknowledge it. Jobs of other tests may lie about: they are committed outside of Django's tables."""
    asked = ProcrastinateJob.objects.filter(task_name="voice.acknowledge", status="todo")
    return asked.filter(args={"complaint_id": complaint.pk}).count()


def test_the_letter_names_the_issue_the_day_the_person_and_the_way(house: House, lena: User, alice: User) -> None:
    with clock.frozen_at(MONDAY):
        complaint = new_complaint(house.london, desired_outcome="Please send my money back.")
        set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
        assess(complaint)
        assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_LETTER
    (letter,) = letters(complaint)
    assert letter.subject == f"Aria One: your complaint is with me [{complaint.reference}]"
    for part in (
        "Hello Maya Okafor,",
        "“stopped working after the update”",
        "“nobody answered my e-mail”",
        "Please send my money back.",
        "Monday 9 March 2026",
        f"/p/{complaint.public_id.hex}.",
        "Alice Example" if not lena.phone else "Lena Example",
    ):
        assert part in letter.text, letter.text
    assert letter.automatic
    assert letter.language == "en"
    assert letter.to_address == "maya@example.org"


def test_a_german_customer_gets_german_words_and_days(house: House) -> None:
    with clock.frozen_at(MONDAY):
        complaint = new_complaint(
            house.berlin, complainant=Person(name="Jonas Weber", email="jonas@example.org", language="de")
        )
        assess(complaint, language="de", category="delivery")
        acknowledge(complaint_id=complaint.pk)
    (letter,) = letters(complaint)
    assert letter.language == "de"
    assert "Guten Tag Jonas Weber," in letter.text
    assert re.search(r"bis (Montag|Dienstag), \d+\. März 2026", letter.text), letter.text


def test_it_is_sent_once_however_often_the_job_runs(complaint: Complaint) -> None:
    assess(complaint)
    for _ in range(3):
        jobs.acknowledge(complaint_id=complaint.pk)
    assert len(letters(complaint)) == 1


@pytest.mark.django_db(transaction=True)
def test_six_workers_at_once_send_one(house: House) -> None:
    complaint = new_complaint(house.london)
    assess(complaint)
    failures: list[Exception] = []

    def run() -> None:
        try:
            acknowledge(complaint_id=complaint.pk)
        except Exception as error:  # noqa: BLE001  # shown by the assertion below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    assert len(letters(complaint)) == 1


def test_an_assessment_asks_for_the_letter_and_a_later_one_does_not(complaint: Complaint) -> None:
    assess(complaint)
    assert waiting_jobs(complaint) == 1
    acknowledge(complaint_id=complaint.pk)
    mark_sent(message_id=letters(complaint)[0].pk)
    assess(complaint, severity=3)
    assert waiting_jobs(complaint) == 1
    assert Complaint.objects.get(pk=complaint.pk).phase == "acknowledged"


def test_what_was_imported_is_left_alone(house: House) -> None:
    complaint = new_complaint(house.london, imported=True, received_at=datetime(2020, 1, 1, tzinfo=UTC))
    assess(complaint)
    assert waiting_jobs(complaint) == 0
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.NOT
    assert letters(complaint) == []


def test_a_person_who_was_faster_is_not_followed_by_a_template(house: House, alice: User) -> None:
    complaint = new_complaint(house.london)
    reply(actor=actor(alice), complaint_id=complaint.pk, text="Good morning, I have your speaker on my desk.")
    assess(complaint)
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.NOT
    assert letters(complaint) == []


@pytest.mark.parametrize("sensitive", [{"safety": True}, {"legal_or_media": True}])
def test_safety_and_legal_matters_call_a_person_once(
    house: House, alice: User, lena: User, charlie: User, sensitive: dict[str, bool]
) -> None:
    complaint = new_complaint(house.london)
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    assess(complaint, **sensitive)
    for _ in range(2):
        assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_A_PERSON
    assert letters(complaint) == []
    told = Notification.objects.filter(kind="acknowledge_yourself")
    assert sorted(told.values_list("user_id", flat=True)) == sorted([alice.pk, lena.pk])
    assert "Maya" not in told[0].title


def test_without_an_address_somebody_is_asked_to_phone(house: House, lena: User) -> None:
    complaint = new_complaint(house.london, complainant=Person(name="Ann", phone="020 7946 0000"))
    assess(complaint)
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_PHONE
    assert Notification.objects.get(kind="acknowledge_yourself").user_id == lena.pk


def test_mail_that_is_no_complaint_gets_no_letter_but_the_form_always_does(house: House, lena: User) -> None:
    mail = new_complaint(house.london, channel="email", text="Our newsletter of the month.")
    assess(mail, label="other", probability=0.1)
    assert acknowledge(complaint_id=mail.pk) is Acknowledge.PERHAPS_NO_COMPLAINT
    form = new_complaint(house.london, channel="web", text="Hello?")
    assess(form, label="other", probability=0.1)
    assert acknowledge(complaint_id=form.pk) is Acknowledge.BY_LETTER
    doubtful = new_complaint(house.london, channel="email", text="My headphones crackle.")
    assess(doubtful, label="other", probability=0.45)
    assert acknowledge(complaint_id=doubtful.pk) is Acknowledge.BY_LETTER
    assert letters(doubtful)[0].subject.startswith("Your message about")


def test_a_concern_is_not_called_a_complaint_in_the_subject(house: House) -> None:
    complaint = new_complaint(house.london, product="")
    assess(complaint, label="concern")
    acknowledge(complaint_id=complaint.pk)
    assert letters(complaint)[0].subject == f"Your message about your purchase is with me [{complaint.reference}]"


def test_what_was_missed_is_caught_after_two_minutes(house: House) -> None:
    with clock.frozen_at(MONDAY):
        missed = new_complaint(house.london)
        safety = new_complaint(house.london, text="It burnt my hand.")
        assess(safety, safety=True)
        imported = new_complaint(house.london, text="Old.", imported=True)
        phone = new_complaint(house.london, text="By phone.", complainant=Person(name="B", phone="1"))
    assert overdue_acknowledgements(MONDAY + timedelta(minutes=1)) == []
    assert overdue_acknowledgements(MONDAY + timedelta(minutes=2)) == [missed.pk]
    assert overdue_acknowledgements(MONDAY + timedelta(days=8)) == []
    assert {imported.pk, phone.pk, safety.pk}.isdisjoint(overdue_acknowledgements(MONDAY + timedelta(minutes=5)))
    with clock.frozen_at(MONDAY + timedelta(minutes=3)):
        jobs.catch_up(timestamp=0)
        assert waiting_jobs(missed) == 1
        jobs.acknowledge(complaint_id=missed.pk)
    assert overdue_acknowledgements(MONDAY + timedelta(minutes=5)) == []
    assert len(letters(missed)) == 1


def test_a_late_assessment_is_made_before_anything_automatic_leaves(house: House) -> None:
    complaint = new_complaint(house.london, complainant=Person(email="maya@example.org"))
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_LETTER
    (letter,) = letters(complaint)
    assert letter.text.startswith("Hello,\n")
    hurt = new_complaint(house.london, text="The charger exploded and burned my hand badly.")
    assert acknowledge(complaint_id=hurt.pk) is Acknowledge.BY_A_PERSON
    assert letters(hurt) == []


def test_a_case_that_cannot_be_assessed_is_for_a_person(
    house: House, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(**_values: object) -> None:
        raise ZeroDivisionError

    complaint = new_complaint(house.london)
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    monkeypatch.setattr("amends.voice.services.assess_complaint", stumble)
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_A_PERSON
    assert letters(complaint) == []
    assert any(one.kind == "acknowledge_yourself" for one in unread(alice.pk))


def test_a_stranger_cannot_send_links_through_us(house: House) -> None:
    person = Person(name="WIN 500 at http://evil.example", email="victim@example.org")
    complaint = new_complaint(house.london, complainant=person, desired_outcome="visit www.evil.example now")
    record_assessment(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        values=ASSESSED,
        points=[("buy at evil.shop", "price"), ("slow", "service")],
    )
    acknowledge(complaint_id=complaint.pk)
    (letter,) = letters(complaint)
    assert "evil" not in letter.text + letter.html + letter.subject
    assert "“slow”" in letter.text
    assert repeatable("mail me at a@b.example") == ""


def test_the_decision_is_made_in_order() -> None:
    facts = {
        "phase": "registered",
        "acknowledged": False,
        "waits_for_us": True,
        "answered": False,
        "sensitive": False,
        "other": False,
        "reachable": True,
    }
    table = [
        ({}, Acknowledge.BY_LETTER),
        ({"phase": "investigating"}, Acknowledge.NOT),
        ({"acknowledged": True}, Acknowledge.NOT),
        ({"waits_for_us": False}, Acknowledge.NOT),
        ({"answered": True, "sensitive": True}, Acknowledge.NOT),
        ({"sensitive": True, "other": True}, Acknowledge.BY_A_PERSON),
        ({"other": True}, Acknowledge.PERHAPS_NO_COMPLAINT),
        ({"reachable": False}, Acknowledge.BY_PHONE),
    ]
    for change, expected in table:
        assert decide(Facts(**{**facts, **change})) is expected  # type: ignore[arg-type]  # a table of values


def test_the_context_has_no_gap_without_team_or_owner(house: House, complaint: Complaint) -> None:
    Team.objects.filter(pk=house.care.pk).update(unit=house.berlin)
    context = letter_context(Complaint.objects.get(pk=complaint.pk), language="en")
    assert (context["author_name"], context["author_line"]) == ("London shop", "Northlight")
    assert context["reference"] == complaint.reference


@pytest.mark.django_db(transaction=True)
def test_the_look_out_asks_once_while_the_first_job_waits(house: House) -> None:
    with clock.frozen_at(MONDAY):
        complaint = new_complaint(house.london)
    with clock.frozen_at(MONDAY + timedelta(minutes=3)):
        for _ in range(3):
            jobs.catch_up(timestamp=0)
    assert waiting_jobs(complaint) == 1
    acknowledge(complaint_id=complaint.pk)
    assert len(letters(complaint)) == 1
