"""A call is noted once, in a new case or one that is there, and what was agreed goes out in writing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User, create_token
from amends.cases.public import Complaint, Message, Person, Point
from amends.core.errors import NotAllowed
from amends.intake.channels.phone.models import CallNote, PhoneCall
from amends.intake.channels.phone.notes import NewCallNote, lines_of, save_note
from amends.intake.webhooks.services import create_webhook

GOOD: dict[str, Any] = {
    "text": "The speaker is silent since Tuesday. Two shops sent her away.",
    "points": "- Silent since the update\n\n• Two shops sent her away",
    "confirmed": "on",
    "wish": "A speaker that works",
    "steps": "I send a replacement by Friday\nShe sends the old one back",
    "call_back": "mornings",
    "internal": "Sounds tired.",
    "name": "Maya Okafor",
    "phone": "+44 7700 900123",
    "email": "maya@example.org",
    "product": "Aria One",
    "order": "N-1",
    "unit": "london",
    "language": "en",
    "once": "form-key-1",
}


def note(client: Client, path: str = "/calls/new/", **change: Any) -> Any:
    return client.post(path, {name: value for name, value in {**GOOD, **change}.items() if value is not None})


def test_a_new_complaint_by_phone_with_its_points_and_its_summary(client: Client, house: House, alice: User) -> None:
    client.force_login(alice)
    page = note(client).content.decode()
    complaint = Complaint.objects.select_related("customer").get()
    assert (complaint.channel, complaint.text, complaint.unit) == ("phone", GOOD["text"], house.london)
    assert complaint.desired_outcome == "A speaker that works"
    assert complaint.product == house.speaker
    assert complaint.attributes == {"order": "N-1", "best_time_to_call": "mornings"}
    points = Point.objects.filter(complaint=complaint)
    assert [one.words for one in points] == ["Silent since the update", "Two shops sent her away"]
    assert {one.confirmed_by for one in points} == {"agent"}
    summary = Message.objects.get(complaint=complaint, direction="out")
    assert (summary.channel, summary.kind, summary.state, summary.to_address) == (
        "email",
        "call",
        "queued",
        "maya@example.org",
    )
    for words in (
        "Hello Maya Okafor,",
        "- Silent since the update",
        "as we went through it together",
        "You would like: A speaker that works",
        "1. I send a replacement by Friday",
        "2. She sends the old one back",
        "mornings",
        "/p/",
        "+44 20 7946 0001",
        "Alice Example",
    ):
        assert words in summary.text, words
    assert complaint.reference is not None
    assert "[" + complaint.reference + "]" in summary.subject
    assert "Sounds tired" not in summary.text
    assert "Sounds tired" in Message.objects.get(complaint=complaint, direction="internal").text
    assert 'data-draft-sent="call:' in page
    assert complaint.reference in page


def test_the_same_form_again_is_the_same_note(client: Client, house: House, alice: User) -> None:
    client.force_login(alice)
    note(client)
    note(client)
    note(client, text="Other words, same form.")
    assert Complaint.objects.count() == CallNote.objects.count() == 1
    assert Message.objects.filter(direction="out").count() == 1


def test_a_call_in_a_case_that_is_there(client: Client, complaint: Complaint, alice: User) -> None:
    client.force_login(alice)
    page = client.get(f"/calls/new/?case={complaint.reference}").content.decode()
    assert "A call in" in page
    note(client, reference=complaint.reference, name="", email="", phone="", internal="", call_back="")
    assert Complaint.objects.count() == 1
    said = Message.objects.get(complaint=complaint, kind="call", direction="in")
    assert (said.text, said.channel, said.from_name) == (GOOD["text"], "phone", "Maya Okafor")
    assert Message.objects.filter(complaint=complaint, kind="call", direction="out", channel="email").exists()
    assert not Message.objects.filter(complaint=complaint, direction="internal").exists()


def test_without_an_address_what_was_agreed_is_kept_as_told_and_acknowledges(
    client: Client, house: House, alice: User
) -> None:
    client.force_login(alice)
    page = note(client, email="").content.decode()
    complaint = Complaint.objects.get()
    told = Message.objects.get(complaint=complaint, direction="out")
    assert (told.channel, told.state) == ("phone", "sent")
    assert complaint.acknowledged_at is not None
    assert "as told on the phone" in page


def test_without_an_address_and_an_agreement_nothing_is_claimed(client: Client, house: House, alice: User) -> None:
    client.force_login(alice)
    note(client, email="", steps="", confirmed=None, points="")
    assert not Message.objects.filter(direction="out").exists()
    assert Complaint.objects.get().acknowledged_at is None


def test_the_summary_is_in_the_customers_language(client: Client, house: House, alice: User) -> None:
    client.force_login(alice)
    note(client, language="de", points="", confirmed=None, steps="")
    summary = Message.objects.get(direction="out")
    assert summary.language == "de"
    assert "Guten Tag Maya Okafor," in summary.text
    assert "Ich kümmere mich jetzt darum" in summary.text
    assert "was wir am telefon vereinbart" in summary.subject.lower()


def test_a_name_or_wish_with_an_address_is_not_carried_on(client: Client, house: House, alice: User) -> None:
    client.force_login(alice)
    note(client, name="www.win.example 50%", wish="See https://bad.example")
    summary = Message.objects.get(direction="out")
    assert "win.example" not in summary.text
    assert "bad.example" not in summary.text
    assert summary.text.startswith("Hello,\n")


def test_words_are_escaped_in_the_letter(client: Client, house: House, alice: User) -> None:
    client.force_login(alice)
    note(client, steps="<script>alert(1)</script>")
    assert "<script>" not in Message.objects.get(direction="out").html


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": "\x00"},
        {"text": "x" * 60_000},
        {"points": "x" * 600},
        {"steps": "\n".join("x" for _ in range(30))},
        {"email": "not an address"},
        {"once": ""},
        {"once": "x" * 100},
        {"unit": "moon"},
        {"name": "x" * 3000},
    ],
)
def test_a_mistake_is_said_and_nothing_is_lost(
    client: Client, house: House, alice: User, change: dict[str, str]
) -> None:
    client.force_login(alice)
    answer = note(client, **change)
    assert answer.status_code == 422
    assert "She sends the old one back" in answer.content.decode() or "steps" in change
    assert Complaint.objects.count() == 0


def test_a_case_of_another_unit_cannot_be_noted_in(client: Client, complaint: Complaint, charlie: User) -> None:
    client.force_login(charlie)
    assert note(client, reference=complaint.reference, unit="berlin").status_code == 404
    assert not Message.objects.filter(kind="call").exists()
    assert note(client, unit="london").status_code == 422, "London is not among the units of his form"


def test_a_call_is_tied_to_the_case_it_was_noted_in(
    client: Client, house: House, complaint: Complaint, alice: User
) -> None:
    webhook, _ = create_webhook(actor=SYSTEM, key="pbx", channel="phone", unit=house.london, mapping="telephone")
    call = PhoneCall.objects.create(
        webhook=webhook, call_key="c", unit=house.london, state="ringing", number="+447700900123", tail="700900123",
        first_at=complaint.received_at,
    )  # fmt: skip
    client.force_login(alice)
    page = client.get(f"/calls/{call.pk}/").content.decode()
    assert "Maya Okafor" in page
    assert f"?case={complaint.reference}" in page
    note(client, f"/calls/{call.pk}/", reference=complaint.reference)
    call.refresh_from_db()
    assert call.complaint == complaint
    assert CallNote.objects.get().call == call
    assert complaint.reference in client.get("/calls/").content.decode()


def test_a_token_notes_calls(client: Client, house: House, complaint: Complaint, token: str) -> None:
    body = {"key": "system-4711", "text": "Rang again.", "reference": complaint.reference, "steps": ["Call on Monday"]}

    def post(given: dict[str, Any], secret: str = token) -> Any:
        return client.post(
            "/api/v1/call-notes", data=json.dumps(given), content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )  # fmt: skip

    assert post(body).json() == {"reference": complaint.reference, "summary": "mail"}
    assert post(body).json()["reference"] == complaint.reference
    new = {
        "key": "system-4712",
        "text": "New matter",
        "unit": "london",
        "caller": {"name": "Jo", "phone": "07700 900999"},
    }
    made = post(new)
    assert made.status_code == 201
    assert made.json()["summary"] == "none"
    assert Complaint.objects.get(reference=made.json()["reference"]).customer.phone == "07700 900999"
    assert post({**new, "key": "system-4713", "unit": ""}).status_code == 422
    worker = create_token(actor=SYSTEM, name="w", scopes=["work"])
    assert post({**new, "key": "system-4714"}, worker).status_code == 403
    assert CallNote.objects.count() == 2


def test_compliance_reads_and_notes_nothing(client: Client, complaint: Complaint, conny: User) -> None:
    client.force_login(conny)
    assert client.get("/calls/").status_code == 404
    with pytest.raises(NotAllowed):
        save_note(actor=actor(conny), note=NewCallNote(once="x" * 10, text="x", caller=Person()))


def test_lines_lose_their_bullets() -> None:
    assert lines_of("- a\n* b\n\n  • c \x00") == ["a", "b", "c"]


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_letter_makes_no_hollow_phrase_and_admits_nothing(language: str) -> None:
    from amends.intake.channels.phone.summary import words

    text = " ".join(str(value) for value in words(language).model_dump().values()).lower()
    for phrase in (
        "inconvenience",
        "unfortunately",
        "our policy",
        "our fault",
        "unannehmlichkeiten",
        "leider",
        "unsere schuld",
    ):
        assert not re.search(phrase, text), phrase
