"""A telephone system tells of calls in any order, twice, or wrongly, and the people who may see them see them rightly."""

from __future__ import annotations

import base64
import hmac
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User, create_token
from amends.cases.public import Complaint, NewComplaint, PastComplaint, Person, register_many
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.intake.channels.phone import callers, calls
from amends.intake.channels.phone.models import CallerNumber, PhoneCall
from amends.intake.channels.phone.numbers import normalise, tail
from amends.intake.channels.phone.states import CallEvent, CallState, Times, event_named, state_of, with_event
from amends.intake.webhooks.models import Webhook, WebhookDelivery
from amends.intake.webhooks.services import create_webhook, process

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
SECRET = "a-secret-of-enough-length"
MAYA = "+44 7700 900123"


@pytest.fixture
def webhook(house: House) -> Webhook:
    made, _ = create_webhook(
        actor=SYSTEM, key="pbx", channel="phone", unit=house.london, mapping="telephone", secret=SECRET
    )
    return made


def tell(client: Client, event: str, *, seconds: int = 0, call: str = "c1", key: str = "pbx", **values: str) -> Any:
    """One event, sent and worked on."""
    now = MONDAY + timedelta(minutes=5)
    at = (MONDAY + timedelta(seconds=seconds)).isoformat()
    body = json.dumps({"call": call, "event": event, "at": at, **values}).encode()
    stamp = str(int(now.timestamp()))
    signature = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
    headers = {"X-Amends-Timestamp": stamp, "X-Amends-Signature": f"sha256={signature}"}
    with clock.frozen_at(now):
        answer = client.post(f"/hooks/{key}/", body, content_type="application/json", headers=headers)
        if answer.status_code == 200:
            process(delivery_id=answer.json()["delivery"])
    return answer


EVENTS = {"ringing": 0, "answered": 8, "ended": 90}


@pytest.mark.parametrize("order", list(itertools.permutations(EVENTS)))
def test_the_order_of_events_does_not_matter(client: Client, webhook: Webhook, order: tuple[str, ...]) -> None:
    for event in (*order, *order):
        assert tell(client, event, seconds=EVENTS[event], number=MAYA).status_code == 200
    call = PhoneCall.objects.get()
    assert call.state == "ended"
    assert (call.ringing_at, call.answered_at, call.ended_at) == tuple(
        MONDAY + timedelta(seconds=seconds) for seconds in EVENTS.values()
    )
    assert call.first_at == MONDAY
    assert call.number == "+447700900123"


def test_a_call_that_nobody_answered_is_missed_until_the_answer_is_heard_of(client: Client, webhook: Webhook) -> None:
    tell(client, "ringing", number=MAYA)
    assert PhoneCall.objects.get().state == "ringing"
    tell(client, "ended", seconds=30)
    assert PhoneCall.objects.get().state == "missed"
    tell(client, "answered", seconds=5)
    assert PhoneCall.objects.get().state == "ended"


def test_a_call_of_ours_that_nobody_answers_is_not_missed(client: Client, webhook: Webhook) -> None:
    tell(client, "ringing", number="100", to=MAYA, direction="out")
    tell(client, "ended", seconds=30, direction="out")
    call = PhoneCall.objects.get()
    assert (call.state, call.number, call.direction) == ("ended", "+447700900123", "out")


def test_a_recording_is_kept_when_its_address_is_https(client: Client, webhook: Webhook) -> None:
    tell(client, "ended", recording="https://pbx.example/rec/1.mp3")
    assert PhoneCall.objects.get().recording_url == "https://pbx.example/rec/1.mp3"
    for address in ("http://pbx.example/1", "javascript:alert(1)", "https://", "https://[", "https://x/" + "y" * 1200):
        tell(client, "recording", call="c2", recording=address)
    assert PhoneCall.objects.count() == 1
    assert set(WebhookDelivery.objects.filter(state="failed").values_list("attempts", flat=True)) == {1}
    assert all("https://" in one.reason for one in WebhookDelivery.objects.filter(state="failed"))


def test_an_unknown_event_fails_with_its_reason(client: Client, webhook: Webhook) -> None:
    tell(client, "exploded")
    assert "no event 'exploded'" in WebhookDelivery.objects.get().reason
    with pytest.raises(BadInput):
        event_named("\x00")


def test_the_colleague_is_found_by_address_or_direct_number(client: Client, webhook: Webhook, alice: User) -> None:
    tell(client, "answered", agent="ALICE@northlight.example", call="a")
    tell(client, "answered", agent="020 7946 0001", call="b")
    tell(client, "answered", agent="nobody", call="c", extension="17")
    assert [one.agent for one in PhoneCall.objects.order_by("call_key")] == [alice, alice, None]
    assert PhoneCall.objects.get(call_key="c").extension == "17"


def test_the_number_that_was_rung_says_which_unit(client: Client, house: House) -> None:
    create_webhook(actor=SYSTEM, key="pbx", channel="phone", unit=house.root, mapping="telephone", secret=SECRET)
    house.berlin.phone = "+49 30 1234567"
    house.berlin.save()
    tell(client, "ringing", to="030 1234567", number=MAYA)
    tell(client, "ringing", to="+49301234567", call="c2", number="withheld")
    assert [one.unit for one in PhoneCall.objects.order_by("id")] == [house.berlin, house.berlin]
    assert PhoneCall.objects.get(call_key="c2").number == ""


def test_twilio_tells_in_its_own_way(client: Client, house: House) -> None:
    create_webhook(actor=SYSTEM, key="twilio", channel="phone", unit=house.london, mapping="twilio", secret=SECRET)

    def post(**fields: str) -> Any:
        given = {"CallSid": "CA1", "From": "+447700900123", "To": "+442079460000", "Direction": "inbound", **fields}
        signed = f"{settings.AMENDS_PUBLIC_URL}/hooks/twilio/" + "".join(f"{k}{given[k]}" for k in sorted(given))
        signature = base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), "sha1").digest()).decode()
        answer = client.post(
            "/hooks/twilio/", urlencode(given), content_type="application/x-www-form-urlencoded",
            headers={"X-Twilio-Signature": signature},
        )  # fmt: skip
        assert answer.status_code == 200, answer.content
        return process(delivery_id=answer.json()["delivery"])

    assert post(CallStatus="ringing", Timestamp="Mon, 02 Mar 2026 09:30:00 +0000") == "done"
    assert post(CallStatus="in-progress", Timestamp="Mon, 02 Mar 2026 09:30:09 +0000") == "done"
    assert post(CallStatus="completed", Timestamp="Mon, 02 Mar 2026 09:33:00 +0000", CallDuration="171") == "done"
    assert post(RecordingStatus="completed", RecordingUrl="https://api.twilio.example/RE1") == "done"
    call = PhoneCall.objects.get()
    assert (call.state, call.direction, call.number) == ("ended", "in", "+447700900123")
    assert call.answered_at == MONDAY + timedelta(seconds=9)
    assert call.recording_url == "https://api.twilio.example/RE1"


def test_a_caller_is_known_by_their_number_however_it_is_written(
    house: House, complaint: Complaint, alice: User, charlie: User
) -> None:
    for number in ("+447700900123", "07700 900123", "0044 7700 900 123"):
        found = callers.callers_of(actor(alice), number)
        assert [caller.customer for caller in found] == [complaint.customer]
        assert [case.pk for case in found[0].open_cases] == [complaint.pk]
    assert callers.callers_of(actor(alice), "900") == []
    assert callers.callers_of(actor(charlie), "+447700900123") == [], "the outsider hears nothing of Maya"


def test_a_case_of_another_unit_is_not_shown_beside_one_of_ours(
    house: House, complaint: Complaint, charlie: User
) -> None:
    mine = new_complaint(house.berlin, text="Something else.", subject="Berlin")
    found = callers.callers_of(actor(charlie), MAYA)
    assert [case.pk for caller in found for case in caller.cases] == [mine.pk]


def test_representing_people_are_known_too(house: House, alice: User) -> None:
    new_complaint(house.london, representative=Person(name="Jo", phone="+44 7700 900777"), subject="For Maya")
    assert [one.customer.name for one in callers.callers_of(actor(alice), "07700900777")] == ["Jo"]
    assert CallerNumber.objects.count() == 2


def test_imported_people_are_known_too(house: House, alice: User) -> None:
    person = Person(name="Old Customer", phone="020 7946 0888")
    new = NewComplaint(
        channel="phone",
        complainant=person,
        unit_id=house.london.pk,
        text="Long ago.",
        source="old",
        key="1",
        received_at=MONDAY,
        imported=True,
    )
    past = PastComplaint(new=new, outcome="upheld", outcome_reason="It was so.")
    assert register_many(actor=SYSTEM, items=[past]).created == (0,)
    assert [one.customer.name for one in callers.callers_of(actor(alice), "+442079460888")] == ["Old Customer"]


def test_somebody_is_found_by_name_number_reference_and_address(
    house: House, complaint: Complaint, alice: User
) -> None:
    who = actor(alice)
    for query in (
        "okaf",
        "07700 900123",
        complaint.reference or "",
        (complaint.reference or "").lower(),
        "maya@example.org",
    ):
        assert [one.customer.pk for one in callers.search(who, query)] == [complaint.customer_id], query
    for query in ("", "ok", "nobody at all", "AM-1999-000001", "%", "\x00" * 5):
        assert callers.search(who, query) == [], query


def test_a_missed_call_is_to_be_called_back_and_leaves_the_list_when_they_were_spoken_to(
    client: Client, webhook: Webhook, alice: User
) -> None:
    tell(client, "ringing", number=MAYA)
    tell(client, "ended", seconds=20)
    tell(client, "ended", seconds=30, call="c2", number="020 7946 0555")
    client.force_login(alice)
    page = client.get("/calls/").content.decode()
    assert "+447700900123" in page
    assert "To call back" in page
    tell(
        client, "answered", seconds=120, call="c3", number="100", to="07700 900123", direction="out", agent=alice.email
    )
    first = PhoneCall.objects.get(call_key="c1")
    assert first.called_back_at is not None
    assert first.called_back_by == alice
    second = PhoneCall.objects.get(call_key="c2")
    client.post(f"/calls/{second.pk}/back/")
    second.refresh_from_db()
    assert second.called_back_by == alice
    assert "Nobody waits to be called back" in client.get("/calls/").content.decode()


def test_the_page_shows_who_rings_with_their_open_cases(
    client: Client, webhook: Webhook, complaint: Complaint, alice: User
) -> None:
    tell(client, "ringing", number=MAYA)
    client.force_login(alice)
    call = PhoneCall.objects.get()
    for path in ("/calls/", "/calls/list/"):
        page = client.get(path).content.decode()
        assert "Maya Okafor" in page
        assert f"/calls/{call.pk}/?case={complaint.reference}" in page


def test_outsider_sees_no_call_and_changes_none(
    client: Client, webhook: Webhook, complaint: Complaint, charlie: User
) -> None:
    tell(client, "ringing", number=MAYA)
    tell(client, "ended", seconds=20)
    call = PhoneCall.objects.get()
    client.force_login(charlie)
    assert "7700" not in client.get("/calls/").content.decode()
    assert client.get(f"/calls/{call.pk}/").status_code == 404
    assert client.post(f"/calls/{call.pk}/", {"text": "x", "once": "y"}).status_code == 404
    assert client.post(f"/calls/{call.pk}/back/").status_code == 404
    assert client.get(f"/calls/new/?case={complaint.reference}").status_code == 404
    assert "Maya" not in client.get("/calls/search/?q=Okafor").content.decode()
    with pytest.raises(NotFound):
        calls.access_call(actor(charlie), call.pk)


def test_an_agent_sees_a_call_of_their_own_whatever_its_unit(client: Client, webhook: Webhook, charlie: User) -> None:
    tell(client, "ringing", number=MAYA, agent=charlie.email)
    assert calls.access_call(actor(charlie), PhoneCall.objects.get().pk)


def test_the_api_lists_calls_with_the_cases_of_the_caller(
    client: Client, webhook: Webhook, complaint: Complaint, house: House, token: str
) -> None:
    tell(client, "ringing", number=MAYA)
    tell(client, "ended", seconds=20)
    headers = {"Authorization": f"Bearer {token}"}
    listed = client.get("/api/v1/calls?to_call_back=true", headers=headers).json()
    assert [case["reference"] for case in listed[0]["open_cases"]] == [complaint.reference]
    number = listed[0]["id"]
    assert client.post(f"/api/v1/calls/{number}/called-back", headers=headers).json()["called_back_at"]
    assert client.get("/api/v1/calls?to_call_back=true", headers=headers).json() == []
    assert client.get("/api/v1/calls?state=exploded", headers=headers).status_code == 422
    berlin = create_token(actor=SYSTEM, name="b", scopes=["read", "work"], unit=house.berlin)
    outsider = {"Authorization": f"Bearer {berlin}"}
    assert client.get("/api/v1/calls", headers=outsider).json() == []
    assert client.get(f"/api/v1/calls/{number}", headers=outsider).status_code == 404


@pytest.mark.parametrize(
    ("number", "country", "written"),
    [
        ("+44 (0)20 7946 0001", "GB", "+442079460001"),
        ("020 7946 0001", "GB", "+442079460001"),
        ("0049 30 123456", "GB", "+4930123456"),
        ("030 123456", "DE", "+4930123456"),
        ("06 1234 5678", "IT", "0612345678"),
        ("tel:+15550100;ext=7", "US", "+15550100"),
        ("sip:+442079460001@pbx.example", "", "+442079460001"),
        ("anonymous", "GB", ""),
        ("", "GB", ""),
        ("+" + "9" * 400, "", "+" + "9" * 15),
        ("020 7946 0001", "XX", "02079460001"),
    ],
)
def test_numbers_have_one_way_of_writing(number: str, country: str, written: str) -> None:
    assert normalise(number, country) == written


def test_what_numbers_are_found_by() -> None:
    assert tail("+44 20 7946 0001") == tail("020 7946 0001") == "079460001"
    assert tail("112") == ""


def test_states_are_those_of_the_times() -> None:
    times = with_event(Times(), CallEvent.RECORDING, MONDAY)
    assert times == Times()
    assert state_of(times, "in") is CallState.RINGING
    later = with_event(with_event(times, CallEvent.ENDED, MONDAY), CallEvent.ENDED, MONDAY + timedelta(seconds=9))
    assert later.ended == MONDAY
    assert state_of(later, "in") is CallState.MISSED
    assert state_of(later, "out") is CallState.ENDED
