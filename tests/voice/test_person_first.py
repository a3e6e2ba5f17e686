"""A person may be faster than the template, and where somebody mourns, was hurt or threatens with the law only a person writes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    cancel_message,
    claim_for_sending,
    mark_sent,
    record_assessment,
    reply,
    set_team,
)
from amends.core import clock
from amends.notifications.public import Alert, Notification, answer
from amends.voice import jobs
from amends.voice.decision import Acknowledge
from amends.voice.mourning_words import speaks_of_a_death
from amends.voice.services import ALERT_KIND, acknowledge, call_again, overdue_acknowledgements

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
N = timedelta(minutes=django_settings.AMENDS_FIRST_ANSWER_MINUTES)
WORDS = "Good morning, I have your speaker on my desk."


def assessed(house: House, **values: Any) -> Complaint:
    complaint = new_complaint(house.london, **({"text": values.pop("text")} if "text" in values else {}))
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    given = {"language": "en", "label": "complaint", "category": "delivery", "severity": 2, **values}
    record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values=given, points=[])
    return complaint


def states(complaint: Complaint) -> dict[str, list[str]]:
    rows = Message.objects.filter(complaint=complaint, direction="out").order_by("pk")
    found: dict[str, list[str]] = {}
    for kind, state in rows.values_list("kind", "state"):
        found.setdefault(kind, []).append(state)
    return found


def alerts(complaint: Complaint) -> list[Alert]:
    return list(Alert.objects.filter(complaint_id=complaint.pk, kind=ALERT_KIND).order_by("pk"))


@pytest.mark.django_db
def test_the_letter_that_waits_is_stopped_when_a_person_answers(house: House, alice: User) -> None:
    complaint = assessed(house)
    acknowledge(complaint_id=complaint.pk)
    reply(actor=actor(alice), complaint_id=complaint.pk, text=WORDS)
    assert states(complaint) == {"acknowledgement": ["cancelled"], "message": ["queued"]}
    assert acknowledge(complaint_id=complaint.pk) is Acknowledge.NOT


@pytest.mark.django_db
def test_a_letter_that_is_being_sent_already_is_left_alone(house: House, alice: User) -> None:
    complaint = assessed(house)
    acknowledge(complaint_id=complaint.pk)
    letter = Message.objects.get(complaint=complaint, kind="acknowledgement")
    assert claim_for_sending(message_id=letter.pk) is not None
    reply(actor=actor(alice), complaint_id=complaint.pk, text=WORDS)
    assert states(complaint) == {"acknowledgement": ["sending"], "message": ["queued"]}


@pytest.mark.django_db
def test_an_answer_that_is_taken_back_lets_a_letter_go_after_all(house: House, alice: User) -> None:
    with clock.frozen_at(MONDAY):
        complaint = assessed(house)
        acknowledge(complaint_id=complaint.pk)
        message = reply(actor=actor(alice), complaint_id=complaint.pk, text=WORDS)
        assert message is not None
        cancel_message(actor=actor(alice), message_id=message.pk)
    with clock.frozen_at(MONDAY + timedelta(minutes=3)):
        assert overdue_acknowledgements() == [complaint.pk]
        for _ in range(2):
            acknowledge(complaint_id=complaint.pk)
    assert states(complaint) == {"acknowledgement": ["cancelled", "queued"], "message": ["cancelled"]}


@pytest.mark.django_db
def test_an_answer_planned_for_tomorrow_lets_nobody_wait_until_then(house: House, alice: User) -> None:
    with clock.frozen_at(MONDAY):
        complaint = assessed(house)
        reply(actor=actor(alice), complaint_id=complaint.pk, text=WORDS, send_at=MONDAY + timedelta(days=1))
        assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_LETTER
    assert states(complaint) == {"message": ["queued"], "acknowledgement": ["queued"]}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(4))
def test_a_template_and_a_person_at_the_same_moment_send_exactly_one(house: House, alice: User, turn: int) -> None:
    complaint = assessed(house)
    who = actor(alice)
    start = threading.Barrier(2)
    failures: list[Exception] = []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait()
            work()
        except Exception as error:  # noqa: BLE001  # shown by the assertion below
            failures.append(error)
        finally:
            connection.close()

    def by_template() -> object:
        return acknowledge(complaint_id=complaint.pk)

    def by_person() -> object:
        return reply(actor=who, complaint_id=complaint.pk, text=WORDS)

    order = (by_template, by_person) if turn % 2 else (by_person, by_template)
    threads = [threading.Thread(target=run, args=(work,)) for work in order]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []
    going = Message.objects.filter(complaint=complaint, direction="out", state=MessageState.QUEUED)
    assert [one.kind for one in going] == ["message"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("My mother died in May and you still send her invoices.", {}),
        ("Sie schicken Rechnungen an meinen verstorbenen Vater.", {"language": "de"}),
        ("It burnt my hand.", {"safety": True}),
        ("My lawyer will write to you.", {"legal_or_media": True}),
    ],
)
def test_death_safety_and_law_get_no_template_but_an_alert_that_climbs(
    house: House, alice: User, lena: User, dora: User, text: str, values: dict[str, Any]
) -> None:
    with clock.frozen_at(MONDAY):
        complaint = assessed(house, text=text, **values)
        assert acknowledge(complaint_id=complaint.pk) is Acknowledge.BY_A_PERSON
    assert states(complaint) == {}
    (alert,) = alerts(complaint)
    assert alert.levels == [sorted([alice.pk, lena.pk]), [dora.pk]]
    assert alert.climbs_at == MONDAY + timedelta(minutes=5)
    assert "Maya" not in alert.titles["en"]
    assert "Todesfall" in alert.titles["de"]
    with clock.frozen_at(MONDAY + timedelta(minutes=30)):
        assert complaint.pk not in overdue_acknowledgements()


@pytest.mark.django_db
def test_whoever_writes_ends_the_alert(house: House, alice: User, lena: User) -> None:
    with clock.frozen_at(MONDAY):
        complaint = assessed(house, safety=True)
        acknowledge(complaint_id=complaint.pk)
        reply(actor=actor(alice), complaint_id=complaint.pk, text="I have read what happened to you.")
    (alert,) = alerts(complaint)
    assert (alert.answered_by_id, alert.climbs_at) == (alice.pk, None)


@pytest.mark.django_db
def test_taken_up_and_not_written_alarms_the_leads_again_and_again_and_never_sends_a_letter(
    house: House, alice: User, lena: User, dora: User
) -> None:
    with clock.frozen_at(MONDAY):
        complaint = assessed(house, safety=True)
        acknowledge(complaint_id=complaint.pk)
        answer(actor=actor(alice), alert_id=alerts(complaint)[0].pk)
    assert call_again(MONDAY + N - timedelta(seconds=1)) == 0
    with clock.frozen_at(MONDAY + N):
        jobs.catch_up(timestamp=0)
        assert call_again() == 0
        _first, second = alerts(complaint)
        assert second.levels[0] == [lena.pk]
        assert "nobody has written" in second.titles["en"]
        assert Notification.objects.filter(alert=second, user=lena).exists()
        answer(actor=actor(lena), alert_id=second.pk)
    with clock.frozen_at(MONDAY + 2 * N):
        assert call_again() == 1
    assert len(alerts(complaint)) == 3
    assert states(complaint) == {}
    with clock.frozen_at(MONDAY + 2 * N + timedelta(minutes=1)):
        message = reply(actor=actor(lena), complaint_id=complaint.pk, text="I have read what happened to you.")
        assert message is not None
        mark_sent(message_id=message.pk)
    with clock.frozen_at(MONDAY + 9 * N):
        assert call_again() == 0
    assert all(one.answered_at for one in alerts(complaint))


@pytest.mark.parametrize(
    "text",
    [
        "My husband died last month.",
        "I am the executor of her estate.",
        "We were at the FUNERAL when you called.",
        "my late\nmother had this contract",
        "Meine Mutter ist gestorben.",
        "Wegen eines Todesfalls konnte ich nicht kommen. Der Todesfall war im Mai.",
        "im Nachlass meines Onkels",
    ],
)
def test_words_of_mourning_are_heard(text: str) -> None:
    assert speaks_of_a_death("A question", text)


@pytest.mark.parametrize(
    "text",
    [
        "The battery died after a week.",
        "The deadline was missed and I am dead tired.",
        "My delivery was late. Mother is angry.",
        "Der Akku ist tot, und das Display starb gleich mit.",
        "I nearly died laughing at your answer.",
        "You lost my parcel.",
        "",
    ],
)
def test_what_died_without_anybody_dying_is_no_mourning(text: str) -> None:
    assert not speaks_of_a_death(text)
