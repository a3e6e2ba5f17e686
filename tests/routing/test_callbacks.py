"""Unhappy customers are rung: by rule, at their time, again when nobody answers, and never forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message, Person, assign, hide_from, record_assessment
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.notifications.public import Alert, unread
from amends.routing import callbacks
from amends.routing.callback_models import CallBack
from amends.routing.callback_rules import (
    BUILT_IN,
    BestTime,
    CallBackRulesError,
    Outcome,
    next_attempt,
    read_call_back_rules,
)

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULES = read_call_back_rules()
ANY = BestTime("Europe/London")


@pytest.mark.parametrize(
    ("outcome", "attempts", "minutes"),
    [
        (Outcome.NO_ANSWER, 1, 180),
        (Outcome.VOICEMAIL, 2, 1440),
        (Outcome.NO_ANSWER, 3, None),
        (Outcome.WRONG_NUMBER, 1, None),
        (Outcome.REFUSED, 1, None),
        (Outcome.REACHED, 1, None),
    ],
)
def test_the_next_attempt_follows_the_rules(outcome: Outcome, attempts: int, minutes: int | None) -> None:
    again = next_attempt(outcome, attempts=attempts, now=NOON, best=ANY, rules=RULES)
    assert again == (None if minutes is None else NOON + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("zone", "moment", "expected"),
    [
        ("Europe/Berlin", "2026-11-20T12:00+00:00", "2026-11-20T16:00+00:00"),
        ("Europe/Berlin", "2026-11-20T16:30+00:00", "2026-11-20T16:30+00:00"),
        ("Europe/Berlin", "2026-11-20T18:00+00:00", "2026-11-21T16:00+00:00"),
        ("Asia/Tokyo", "2026-11-20T12:00+00:00", "2026-11-21T08:00+00:00"),
        ("America/New_York", "2026-10-31T23:30+00:00", "2026-11-01T22:00+00:00"),
    ],
)
def test_a_call_waits_for_the_hours_of_the_customers_own_clock(zone: str, moment: str, expected: str) -> None:
    best = BestTime(zone, time(17), time(19))
    assert best.next_from(datetime.fromisoformat(moment)) == datetime.fromisoformat(expected)


def test_an_unhappy_customer_with_a_number_is_rung_and_one_without_is_not(house: House) -> None:
    with clock.frozen_at(NOON):
        sad, calm = new_complaint(house.london), new_complaint(house.london)
        mute = new_complaint(house.london, complainant=Person(name="No Phone", email="n@example.org"))
        for one, severity in ((sad, 3), (calm, 2), (mute, 3)):
            for _again in range(2):
                record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"severity": severity})
    made = CallBack.objects.get()
    assert (made.complaint_id, made.number, made.why) == (sad.pk, "+44 7700 900123", "unhappy")
    assert made.due_at == NOON + timedelta(hours=4)


def test_reaching_the_customer_leaves_a_call_note_in_the_case(complaint: Complaint, alice: User) -> None:
    made = callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk)
    with pytest.raises(BadInput, match="what was said"):
        callbacks.note_attempt(actor=actor(alice), call_back_id=made.pk, outcome="reached")
    callbacks.note_attempt(actor=actor(alice), call_back_id=made.pk, outcome="reached", note="She wants a repair.")
    note = Message.objects.get(complaint=complaint, kind="call")
    assert (note.text, note.author) == ("She wants a repair.", alice)
    with pytest.raises(Conflict):
        callbacks.note_attempt(actor=actor(alice), call_back_id=made.pk, outcome="no_answer")
    made.refresh_from_db()
    assert (made.state, made.attempts.count()) == ("reached", 1)


def test_after_the_last_attempt_the_owner_is_asked_to_write(complaint: Complaint, alice: User) -> None:
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    made = callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk)
    for expected in ("open", "open", "letter"):
        made = callbacks.note_attempt(actor=actor(alice), call_back_id=made.pk, outcome="no_answer")
        assert made.state == expected
    assert any("write a letter" in one.title for one in unread(alice.pk))


def test_one_call_is_owed_at_a_time(complaint: Complaint, alice: User) -> None:
    callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk)
    with pytest.raises(Conflict):
        callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"number": "none"}, "number"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"earliest": time(9)}, "earliest"),
        ({"earliest": time(19), "latest": time(9)}, "earliest"),
    ],
)
def test_a_call_that_cannot_be_made_is_refused(
    complaint: Complaint, alice: User, values: dict[str, time], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk, **values)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_an_overdue_call_raises_an_alarm_once_for_each_due_time(complaint: Complaint, alice: User, dora: User) -> None:
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    made = callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk)
    assert callbacks.alarm_overdue(now=made.due_at + timedelta(minutes=29)) == 0
    late = made.due_at + timedelta(minutes=31)
    assert (callbacks.alarm_overdue(now=late), callbacks.alarm_overdue(now=late)) == (1, 0)
    assert Alert.objects.get(kind="call_back").levels == [[alice.pk], [dora.pk]]
    callbacks.note_attempt(actor=actor(alice), call_back_id=made.pk, outcome="voicemail")
    made.refresh_from_db()
    assert made.alarmed_at is None
    assert callbacks.alarm_overdue(now=made.due_at + timedelta(minutes=31)) == 1


def test_the_list_for_today_shows_only_cases_one_may_see(
    client: Client, complaint: Complaint, alice: User, charlie: User, lena: User
) -> None:
    made = callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk, due_at=clock.now())
    client.force_login(alice)
    page = client.get("/callbacks/").content.decode()
    assert "Maya Okafor" in page
    assert "tel:%2B44" in page or "tel:+44" in page
    where = f"/cases/{complaint.reference}/callbacks/{made.pk}/attempt/"
    assert client.post(where, {"outcome": "odd"}).status_code == 422
    assert client.post(where, {"outcome": "no_answer", "from": "list"}).status_code == 302
    client.force_login(charlie)
    assert "Maya" not in client.get("/callbacks/").content.decode()
    assert client.post(where, {"outcome": "no_answer"}).status_code == 404
    hide_from(actor=actor(lena), complaint_id=complaint.pk, user_ids=[alice.pk])
    client.force_login(alice)
    assert "Maya" not in client.get("/callbacks/").content.decode()
    with pytest.raises(NotFound):
        callbacks.note_attempt(actor=actor(alice), call_back_id=made.pk, outcome="no_answer")


def test_the_panel_plans_a_call_at_the_customers_best_time(client: Client, complaint: Complaint, alice: User) -> None:
    client.force_login(alice)
    values = {"number": "+49 30 1234567", "earliest": "17:00", "latest": "19:00", "timezone": "Europe/Berlin"}
    page = client.post(f"/cases/{complaint.reference}/callbacks/", values, headers={"HX-Request": "true"})
    assert "+49 30 1234567" in page.content.decode()
    assert "17:00" in page.content.decode()
    odd = client.post(f"/cases/{complaint.reference}/callbacks/", {**values, "earliest": "\x00"})
    assert odd.status_code == 422


def test_a_wrong_rules_file_is_refused_with_file_place_and_reason(tmp_path: Path) -> None:
    wrong = tmp_path / "callbacks.toml"
    wrong.write_text(BUILT_IN.read_text().replace("most_attempts = 3", "most_attempts = 0"))
    with pytest.raises(CallBackRulesError, match=r"callbacks\.toml: most_attempts: .*greater"):
        read_call_back_rules(wrong)


def test_the_script_is_there_in_english_and_german() -> None:
    assert callbacks.script_for("de-at") != callbacks.script_for("fr") == callbacks.script_for("en")
    assert {len(lines) for lines in RULES.script.values()} == {5}
