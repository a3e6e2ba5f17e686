"""Whoever rang in vain is rung back: once for each call and number, in their case when they are known."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.test import Client
from tests.intake.phone.test_calls import MAYA, MONDAY, tell, webhook
from tests.people import House, actor, new_complaint

from amends.accounts.public import User
from amends.cases.public import Complaint, Person, hide_from
from amends.core import clock
from amends.core.errors import Conflict
from amends.intake.channels.phone import calls
from amends.intake.channels.phone.models import PhoneCall
from amends.notifications.public import Alert
from amends.routing import callbacks
from amends.routing.callback_models import CallBack

__all__ = ["webhook"]
STRANGER = "+44 20 7946 0555"
NOW = MONDAY + timedelta(minutes=5)

pytestmark = pytest.mark.usefixtures("webhook")


def ring_in_vain(client: Client, *, call: str = "c1", seconds: int = 0, number: str = STRANGER) -> None:
    """A call that rings and ends."""
    tell(client, "ringing", call=call, seconds=seconds, number=number)
    tell(client, "ended", call=call, seconds=seconds + 20, number=number)


def test_a_missed_call_of_a_stranger_is_owed_a_call_once(client: Client, house: House) -> None:
    for _ in range(2):
        ring_in_vain(client)
    made = CallBack.objects.get()
    assert (made.number, made.why, made.complaint, made.unit) == ("+442079460555", "missed", None, house.london)
    assert made.due_at == NOW + timedelta(minutes=60)


def test_a_number_that_rings_three_times_is_owed_one_call(client: Client) -> None:
    for number in range(3):
        ring_in_vain(client, call=f"c{number}", seconds=60 * number)
    assert CallBack.objects.filter(state="open").count() == 1


def test_a_known_caller_is_rung_for_their_case_at_the_hours_they_asked_for(
    client: Client, house: House, complaint: Complaint, alice: User
) -> None:
    earlier = callbacks.plan_call_back(
        actor=actor(alice), complaint_id=complaint.pk, earliest=time(17), latest=time(19)
    )
    callbacks.note_attempt(actor=actor(alice), call_back_id=earlier.pk, outcome="reached", note="She wants a repair.")
    Complaint.objects.filter(pk=complaint.pk).update(attributes={"best_time_to_call": "after five"})
    ring_in_vain(client, number=MAYA)
    made = CallBack.objects.get(state="open")
    assert (made.complaint, made.best_time, made.timezone) == (complaint, "after five", "Europe/London")
    assert made.due_at == MONDAY.replace(hour=17, minute=0)


def test_a_number_of_two_customers_with_open_cases_belongs_to_no_case(client: Client, house: House) -> None:
    for name in ("Maya Okafor", "Sam Okafor"):
        new_complaint(house.london, complainant=Person(name=name, email=f"{name[:3]}@example.org", phone=MAYA))
    ring_in_vain(client, number=MAYA)
    assert CallBack.objects.get().complaint is None


def test_a_withheld_number_is_owed_nothing(client: Client) -> None:
    ring_in_vain(client, number="")
    assert PhoneCall.objects.get().state == "missed"
    assert not CallBack.objects.exists()


@pytest.mark.parametrize("order", [("ringing", "ended", "answered"), ("ended", "answered", "ringing")])
def test_a_call_whose_answer_is_heard_of_late_is_owed_nothing(client: Client, order: tuple[str, ...]) -> None:
    for event in order:
        tell(client, event, seconds={"ringing": 0, "answered": 8, "ended": 90}[event], number=STRANGER)
    assert CallBack.objects.get().state == "answered"


def test_whoever_is_spoken_to_meanwhile_is_not_rung(client: Client) -> None:
    ring_in_vain(client)
    tell(client, "answered", call="c2", seconds=120, number=STRANGER)
    assert CallBack.objects.get().state == "answered"
    ring_in_vain(client, call="c3", seconds=180)
    assert CallBack.objects.filter(state="open").count() == 1


def test_an_older_conversation_heard_of_late_leaves_the_newer_call_owed(client: Client) -> None:
    ring_in_vain(client, call="c2", seconds=120)
    tell(client, "answered", call="c1", seconds=10, number=STRANGER)
    assert CallBack.objects.get().state == "open"


def test_both_lists_agree_on_who_was_rung(client: Client, alice: User) -> None:
    ring_in_vain(client)
    made = CallBack.objects.get()
    callbacks.note_attempt(actor=actor(alice), call_back_id=made.pk, outcome="reached", note="Wrong branch, all well.")
    call = PhoneCall.objects.get()
    assert call.called_back_by == alice
    ring_in_vain(client, call="c2", seconds=60)
    calls.called_back(actor=actor(alice), call_id=PhoneCall.objects.get(call_key="c2").pk)
    assert CallBack.objects.get(call_id=PhoneCall.objects.get(call_key="c2").pk).state == "answered"


def test_a_call_owed_to_a_number_goes_on_with_the_case_of_its_owner(client: Client, house: House, alice: User) -> None:
    ring_in_vain(client, number=MAYA)
    complaint, other = new_complaint(house.london), new_complaint(house.london)
    made = callbacks.plan_call_back(actor=actor(alice), complaint_id=complaint.pk)
    assert CallBack.objects.get(complaint=None).state == "merged"
    assert CallBack.objects.get(state="open") == made
    with pytest.raises(Conflict, match="to this number"):
        callbacks.plan_call_back(actor=actor(alice), complaint_id=other.pk)
    Complaint.objects.filter(pk=other.pk).update(severity=4)
    assert callbacks.plan_for_unhappy(complaint_id=other.pk) is None


def test_the_list_shows_a_stranger_to_their_unit_only(client: Client, alice: User, charlie: User) -> None:
    ring_in_vain(client)
    made = CallBack.objects.get()
    where = f"/callbacks/{made.pk}/attempt/"
    with clock.frozen_at(NOW):
        client.force_login(charlie)
        assert "+442079460555" not in client.get("/callbacks/").content.decode()
        assert client.post(where, {"outcome": "no_answer"}).status_code == 404
        client.force_login(alice)
        page = client.get("/callbacks/").content.decode()
        assert "no case yet" in page
        assert f"/calls/{made.call_id}/" in page
        assert client.post(where, {"outcome": "no_answer"}).status_code == 302
        assert client.post(where, {"outcome": "odd"}).status_code == 422
        assert client.post("/callbacks/0/attempt/", {"outcome": "no_answer"}).status_code == 404
    made.refresh_from_db()
    assert (made.attempts.count(), made.state) == (1, "open")


def test_a_case_that_is_closed_to_somebody_hides_its_call(
    client: Client, complaint: Complaint, alice: User, lena: User
) -> None:
    ring_in_vain(client, number=MAYA)
    hide_from(actor=actor(lena), complaint_id=complaint.pk, user_ids=[alice.pk])
    assert callbacks.open_call_backs(actor(alice), until=NOW + timedelta(days=1)) == []
    assert len(callbacks.open_call_backs(actor(lena), until=NOW + timedelta(days=1))) == 1


def test_an_overdue_call_to_a_stranger_alarms_the_people_of_the_unit(client: Client, lena: User, dora: User) -> None:
    ring_in_vain(client)
    assert callbacks.alarm_overdue(now=NOW + timedelta(minutes=91)) == 1
    alert = Alert.objects.get(kind="call_back")
    assert (alert.levels, alert.complaint_id) == ([[lena.pk], [dora.pk]], None)
    assert alert.titles["en"] == "London shop: a call to the customer is overdue"
