"""Files in the chat, and what a line means in a case that was settled: the same rule as for mail."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.intake.web.test_virus_scanner import HARM, away, daemon  # noqa: F401  # fixtures, used by their names
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM, User, create_token
from amends.cases.public import Attachment, Complaint, Message, Person, Phase, links_of, move, portal_token
from amends.core import clock
from amends.intake.channels.chat import rules, services
from amends.intake.channels.chat.models import Chat
from amends.intake.channels.chat.saying import customer_says
from amends.intake.channels.chat.selectors import lines_after
from amends.intake.channels.chat.tokens import chat_token
from amends.intake.channels.web.models import HeldFile
from amends.intake.channels.web.scanning import scan_held_files

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def key() -> str:
    return uuid4().hex


def opened(complaint: Complaint) -> Chat:
    chat = services.open_chat(actor=SYSTEM, complaint=complaint)
    chat.complaint = complaint
    return chat


def send(client: Client, chat: Chat, text: str = "", *files: SimpleUploadedFile, **more: str) -> Any:
    """As the page or the widget sends it."""
    values = {"text": text, "key": key(), "files": list(files), **more}
    return client.post(f"/chat/{chat_token(chat.public_id)}/say/", values)


def png(name: str = "photo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PNG, "text/html")


def settle(complaint: Complaint, days_ago: int = 0, *, close: bool = True) -> None:
    with clock.frozen_at(clock.now() - timedelta(days=days_ago)):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="acknowledge")
        move(actor=SYSTEM, complaint_id=complaint.pk, action="resolve", outcome="upheld", reason="Refunded.")
        if close:
            move(actor=SYSTEM, complaint_id=complaint.pk, action="close")
    complaint.refresh_from_db()


def test_a_file_is_in_the_case_with_the_type_of_its_bytes_and_shown_by_name(
    client: Client, complaint: Complaint, alice: User
) -> None:
    chat = opened(complaint)
    assert send(client, chat, "Look at this.", png()).status_code == 201
    assert send(client, chat, "", png("second.png")).status_code == 201
    files = list(Attachment.objects.order_by("pk"))
    assert [(one.name, one.content_type, bytes(one.blob.data)) for one in files] == [
        ("photo.png", "image/png", PNG),
        ("second.png", "image/png", PNG),
    ]
    lines = lines_after(chat)
    assert [(one.text, [file.name for file in one.files]) for one in lines] == [
        ("Look at this.", ["photo.png"]), ("", ["second.png"]),
    ]  # fmt: skip
    assert lines[0].for_customer()["files"] == ["photo.png"]
    own = client.get(f"/p/{portal_token(complaint.public_id)}/chat/").content.decode()
    assert "photo.png" in own
    assert "/files/" not in own
    client.force_login(alice)
    page = client.get(f"/chats/{complaint.reference}/").content.decode()
    address = f"/cases/{complaint.reference}/files/{files[0].pk}/"
    assert address in page
    assert client.get(address).content == PNG


def test_the_same_line_with_a_file_twice_is_one_line_with_one_file(client: Client, complaint: Complaint) -> None:
    chat, mine = opened(complaint), key()
    first = send(client, chat, "Look.", png(), key=mine)
    assert send(client, chat, "Look.", png(), key=mine).json() == first.json()
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("run.exe", b"MZ" + b"\x00" * 90), "kind of file"),
        (SimpleUploadedFile("photo.png", b"<html><script>x()</script>"), "kind of file"),
        (SimpleUploadedFile("big.png", PNG + b"\x00" * (10 * 1024 * 1024)), "larger than"),
        (SimpleUploadedFile("empty.png", b""), "empty"),
    ],
)
def test_a_file_that_cannot_be_taken_leaves_nothing_and_is_named(
    client: Client, complaint: Complaint, file: SimpleUploadedFile, words: str
) -> None:
    answer = send(client, opened(complaint), "Look.", file)
    assert answer.status_code == 422
    assert words in answer.json()["message"]
    assert file.name in answer.json()["message"]
    assert not Message.objects.filter(complaint=complaint, channel="chat").exists()


def test_too_many_files_within_an_hour_are_refused(
    client: Client, complaint: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "FILES_PER_HOUR", 3)
    chat = opened(complaint)
    assert send(client, chat, "", png(), png("b.png")).status_code == 201
    assert send(client, chat, "", png(), png("b.png")).status_code == 429
    assert send(client, chat, "", png()).status_code == 201
    assert send(client, chat, "only words").status_code == 201


def test_the_form_without_javascript_takes_files_too(client: Client, complaint: Complaint) -> None:
    opened(complaint)
    path = f"/p/{portal_token(complaint.public_id)}/chat/"
    answer = client.post(path, {"text": "", "key": key(), "files": [png()]})
    assert (answer.status_code, answer.headers["Location"]) == (302, path)
    assert Attachment.objects.get().name == "photo.png"
    bad = client.post(path, {"text": "My words", "key": key(), "files": [SimpleUploadedFile("x.exe", b"MZ\x00")]})
    assert bad.status_code == 422
    assert "My words" in bad.content.decode()


def test_the_virus_scanner_refuses_harm_in_the_chat(
    client: Client,
    complaint: Complaint,
    daemon: None,  # noqa: F811  # the fixture
) -> None:
    answer = send(client, opened(complaint), "Look.", SimpleUploadedFile("harm.txt", HARM))
    assert answer.status_code == 422
    assert "harm.txt" in answer.json()["message"]
    assert not Attachment.objects.exists()


def test_while_the_scanner_is_away_the_file_waits_and_is_said_to_wait(
    client: Client,
    complaint: Complaint,
    alice: User,
    away: Callable[[], None],  # noqa: F811  # the fixture
) -> None:
    chat = opened(complaint)
    assert "write a sentence" in send(client, chat, "", png()).json()["message"]
    assert send(client, chat, "Look.", png()).status_code == 201
    assert HeldFile.objects.get().name == "photo.png"
    client.force_login(alice)
    page = client.get(f"/chats/{complaint.reference}/").content.decode()
    assert "photo.png" in page
    assert f"/cases/{complaint.reference}/files/" not in page
    away()
    assert scan_held_files() == 1
    assert [[file.name for file in one.files] for one in lines_after(chat)] == [[], ["photo.png"]]


@pytest.mark.parametrize("close", [True, False])
def test_a_line_soon_after_the_case_was_settled_opens_it_again(complaint: Complaint, close: bool) -> None:
    chat = opened(complaint)
    settle(complaint, days_ago=13, close=close)
    said = customer_says(chat=chat, text="It is broken again.", key=key())
    complaint.refresh_from_db()
    assert (complaint.phase, complaint.closed_at) == (Phase.INVESTIGATING, None)
    assert said.chat.pk == chat.pk
    assert complaint.waiting_for_us_since is not None


def test_thanks_leave_a_settled_case_settled_and_a_file_does_not(client: Client, complaint: Complaint) -> None:
    chat = opened(complaint)
    settle(complaint)
    customer_says(chat=chat, text="Thank you very much!", key=key())
    complaint.refresh_from_db()
    assert complaint.phase == Phase.CLOSED
    assert [one.text for one in lines_after(chat)] == ["Thank you very much!"]
    assert send(client, chat, "Thank you", png()).status_code == 201
    complaint.refresh_from_db()
    assert complaint.phase == Phase.INVESTIGATING


def test_a_line_long_after_the_closing_is_a_new_linked_case_and_the_talk_goes_on_there(
    client: Client, complaint: Complaint, alice: User
) -> None:
    chat = opened(complaint)
    settle(complaint, days_ago=15)
    mine = key()
    answer = send(client, chat, "Another speaker crackles.", png(), key=mine)
    moved = answer.json()["moved"]
    complaint.refresh_from_db()
    new = Complaint.objects.exclude(pk=complaint.pk).get()
    assert (complaint.phase, new.text, new.channel) == (Phase.CLOSED, "Another speaker crackles.", "chat")
    assert (new.unit_id, new.customer_id) == (complaint.unit_id, complaint.customer_id)
    assert moved["reference"] == new.reference
    (there,) = links_of(new)
    assert (there.complaint.pk, there.newer, there.kind) == (complaint.pk, False, "follows")
    assert Attachment.objects.get().message.complaint_id == new.pk
    # The same line again, and what the old page still sends: all in the one new case.
    assert send(client, chat, "Another speaker crackles.", png(), key=mine).json()["id"] == answer.json()["id"]
    again = send(client, chat, "And it smells.").json()
    assert again["moved"]["reference"] == new.reference
    assert Complaint.objects.count() == 2
    fresh = Chat.objects.get(complaint=new)
    assert chat_token(fresh.public_id) == moved["token"]
    assert [one.text for one in lines_after(fresh)] == ["Another speaker crackles.", "And it smells."]
    assert "moved" not in send(client, fresh, "Are you there?").json()
    client.force_login(alice)
    assert new.reference in client.get("/chats/").content.decode()


def test_without_javascript_the_browser_is_led_to_the_new_case(client: Client, complaint: Complaint) -> None:
    opened(complaint)
    settle(complaint, days_ago=15)
    answer = client.post(f"/p/{portal_token(complaint.public_id)}/chat/", {"text": "It crackles.", "key": key()})
    new = Complaint.objects.exclude(pk=complaint.pk).get()
    assert answer.headers["Location"] == f"/p/{portal_token(new.public_id)}/chat/"
    assert "It crackles." in client.get(answer.headers["Location"]).content.decode()


def test_the_new_case_of_a_representative_keeps_both_people(house: House) -> None:
    helper = Person(name="Ines", email="ines@example.org")
    complaint = new_complaint(house.london, representative=helper)
    chat = opened(complaint)
    settle(complaint, days_ago=15)
    new = customer_says(chat=chat, text="It crackles.", key=key()).chat.complaint
    assert new.representative is not None
    assert (new.customer.email, new.representative.email) == (complaint.customer.email, "ines@example.org")


def test_a_bridge_is_told_in_which_case_the_line_is(client: Client, complaint: Complaint, house: House) -> None:
    settle(complaint, days_ago=15)
    token = create_token(actor=SYSTEM, name="bridge", scopes=["work"])
    answer = client.post(
        f"/api/v1/complaints/{complaint.reference}/chat",
        data=json.dumps({"speaker": "customer", "text": "It crackles.", "key": key()}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    new = Complaint.objects.exclude(pk=complaint.pk).get()
    assert answer.json()["reference"] == new.reference


def test_an_outsider_gets_no_file_of_a_chat(client: Client, complaint: Complaint, charlie: User, alice: User) -> None:
    assert send(client, opened(complaint), "Look.", png()).status_code == 201
    file = Attachment.objects.get()
    client.force_login(charlie)
    assert client.get(f"/cases/{complaint.reference}/files/{file.pk}/").status_code == 404
    other = new_complaint(complaint.unit, complainant=Person(name="Jan", email="jan@example.org"))
    assert client.get(f"/p/{portal_token(other.public_id)}/files/{file.pk}/").status_code == 404
