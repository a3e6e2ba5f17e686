"""The customer's own page: everything said to them and promised to them, nothing internal, and nobody else's."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import (
    Attachment,
    Complaint,
    Message,
    NewFile,
    Person,
    Point,
    add_note,
    add_point,
    mark_sent,
    move,
    portal_token,
    queue_message,
    record_assessment,
    reply,
    take,
)
from amends.core import clock
from amends.handling.public import NewRemedy, NewStep, Proposal, draft_proposal, promises_of, send_proposal
from amends.intake.public import new_stamp
from amends.notifications.public import Notification
from amends.portal.limits import MESSAGES_PER_HOUR, POINTS_LIMIT
from amends.portal.way import Dates, way

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def url(complaint: Complaint, rest: str = "") -> str:
    return f"/p/{portal_token(complaint.public_id)}/{rest}"


def page(client: Client, complaint: Complaint, **headers: str) -> str:
    answer = client.get(url(complaint), headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def proposed(complaint: Complaint, alice: User, *, options: bool = False) -> Proposal:
    take(actor=actor(alice), complaint_id=complaint.pk)
    move(actor=actor(alice), complaint_id=complaint.pk, action="investigate")
    remedies = [
        NewRemedy(
            kind="replacement", amount=None, currency="", text="a new Aria One", **({"option": 1} if options else {})
        ),
        NewRemedy(
            kind="refund", amount=Decimal("50.00"), currency="GBP", text="", **({"option": 2} if options else {})
        ),
    ]
    day = clock.now().date() + timedelta(days=7)
    proposal = draft_proposal(
        actor=actor(alice),
        complaint_id=complaint.pk,
        summary="The driver in your speaker is from a bad batch.",
        remedies=remedies,
        steps=[NewStep(what="Send the new speaker", who="Alice", due_earliest=day - timedelta(days=2), due_latest=day)],
        conditions="The old speaker comes back to us.",
    )
    send_proposal(actor=actor(alice), proposal_id=proposal.pk)
    proposal.refresh_from_db()
    return proposal


def test_the_page_is_a_letter_with_their_words_the_day_and_a_person(
    client: Client, complaint: Complaint, alice: User
) -> None:
    take(actor=actor(alice), complaint_id=complaint.pk)
    text = page(client, complaint)
    assert complaint.reference is not None
    for part in (
        complaint.reference,
        "stopped working after the update",
        "Alice Example",
        "+44 20 7946 0001",
        "Aria One",
        "by <strong>",
    ):
        assert part in text


def test_nothing_internal_is_on_the_page(client: Client, complaint: Complaint, alice: User, house: House) -> None:
    record_assessment(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        values={"category": "goods_quality", "severity": 4, "sentiment": -0.9, "vulnerable": True},
        points=[("stopped working", "goods_quality")],
    )
    add_note(actor=actor(alice), complaint_id=complaint.pk, text="SECRET-NOTE he seems difficult")
    add_note(actor=actor(alice), complaint_id=complaint.pk, text="SECRET-CALL", kind="call")
    reply(actor=actor(alice), complaint_id=complaint.pk, text="NOT-SENT-YET still in the undo window")
    remedy = NewRemedy(kind="apology", amount=None, currency="", text="")
    step = NewStep(what="Write it", who="Alice", due_earliest=None, due_latest=clock.now().date() + timedelta(days=3))
    move(actor=actor(alice), complaint_id=complaint.pk, action="investigate")
    draft_proposal(
        actor=actor(alice), complaint_id=complaint.pk, summary="DRAFT-PROPOSAL", remedies=[remedy], steps=[step]
    )
    move(actor=actor(alice), complaint_id=complaint.pk, action="resolve", outcome="upheld", reason="INTERNAL-REASON")
    text = page(client, complaint)
    for secret in (
        "SECRET-NOTE",
        "SECRET-CALL",
        "NOT-SENT-YET",
        "DRAFT-PROPOSAL",
        "INTERNAL-REASON",
        "goods_quality",
        "severity",
        "vulnerable",
        "-0.9",
        "upheld",
        "alice@northlight.example",
        "/cases/",
        "maya@example.org",
    ):
        assert secret not in text, secret


@pytest.mark.parametrize(
    "token", ["x", "0" * 32, f"{'0' * 32}.{'a' * 24}", f"{'0' * 31}g.{'a' * 24}", "%00", "😀", "a" * 3000]
)
def test_a_wrong_link_is_not_found_whatever_is_wrong_with_it(client: Client, complaint: Complaint, token: str) -> None:
    wrong = client.get(f"/p/{token}/")
    right_form = client.get(f"/p/{uuid4().hex}.{'a' * 24}/")
    assert wrong.status_code == right_form.status_code == 404
    assert wrong.content == right_form.content
    assert "queue" not in wrong.content.decode().lower()


def test_one_customers_link_opens_nothing_of_another(client: Client, house: House, complaint: Complaint) -> None:
    file = NewFile(name="receipt.png", content_type="image/png", data=PNG)
    other = new_complaint(
        house.london, text="Mine.", complainant=Person(name="Bea", email="bea@example.org"), files=[file]
    )
    theirs = Attachment.objects.get()
    assert client.get(url(other, f"files/{theirs.pk}/")).status_code == 200
    assert client.get(url(complaint, f"files/{theirs.pk}/")).status_code == 404
    point = add_point(actor=SYSTEM, complaint_id=other.pk, words="Their point")
    client.post(url(complaint, "points/"), {"act": f"remove:{point.pk}"})
    point.refresh_from_db()
    assert point.removed_at is None
    assert "Mine." not in page(client, complaint)
    mixed = portal_token(complaint.public_id).split(".")[0] + "." + portal_token(other.public_id).split(".")[1]
    assert client.get(f"/p/{mixed}/").status_code == 404


def test_the_pages_tell_nobody(client: Client, complaint: Complaint) -> None:
    for path in (url(complaint), url(complaint, "thanks/"), "/p/x/"):
        answer = client.get(path)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "no-store" in answer["Cache-Control"]
        assert "no-referrer" in answer.content.decode()
    assert client.cookies == {}


def test_a_file_is_always_a_download(client: Client, house: House) -> None:
    file = NewFile(name='b"ill\r\n ü.html', content_type="text/html", data=b"<script>alert(1)</script>")
    complaint = new_complaint(house.london, files=[file])
    answer = client.get(url(complaint, f"files/{Attachment.objects.get().pk}/"))
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer.content == b"<script>alert(1)</script>"


def test_a_file_of_a_note_is_not_the_customers(client: Client, complaint: Complaint, alice: User) -> None:
    note = add_note(actor=actor(alice), complaint_id=complaint.pk, text="see file")
    from amends.cases.services.registration import store_files

    store_files(note, [NewFile(name="internal.png", content_type="image/png", data=PNG)])
    assert client.get(url(complaint, f"files/{Attachment.objects.get().pk}/")).status_code == 404


def test_what_we_sent_is_there_even_when_mail_failed(client: Client, complaint: Complaint, alice: User) -> None:
    sent = queue_message(
        actor=actor(alice), complaint_id=complaint.pk, kind="message", subject="s", text="I have it on my desk <b>."
    )
    assert sent is not None
    assert "on my desk" not in page(client, complaint)
    mark_sent(message_id=sent.pk)
    text = page(client, complaint)
    assert "on my desk &lt;b&gt;" in text
    Message.objects.filter(pk=sent.pk).update(state="bounced")
    assert "on my desk" in page(client, complaint)


def write(client: Client, complaint: Complaint, **change: Any) -> Any:
    return client.post(
        url(complaint, "message/"), {"text": "One thing more.", "stamp": new_stamp(clock.now()), **change}
    )


def test_the_customer_writes_once_and_the_owner_hears_of_it(client: Client, complaint: Complaint, alice: User) -> None:
    take(actor=actor(alice), complaint_id=complaint.pk)
    stamp = new_stamp(clock.now())
    for _ in range(3):
        answer = write(client, complaint, stamp=stamp, files=[SimpleUploadedFile("photo.png", PNG)])
        assert answer.status_code == 302
    message = Message.objects.get(complaint=complaint, channel="portal")
    assert message.text == "One thing more."
    assert message.direction == "in"
    assert message.attachments.get().content_type == "image/png"
    assert Notification.objects.filter(user=alice, kind="customer_wrote").count() == 1
    assert "photo.png" in page(client, complaint)


@pytest.mark.parametrize(
    "change", [{"text": ""}, {"text": "\x00 \x00"}, {"stamp": ""}, {"stamp": "\x00"}, {"text": "x" * 60_000}]
)
def test_a_message_that_cannot_be_taken_is_said_on_the_page(
    client: Client, complaint: Complaint, change: dict[str, str]
) -> None:
    answer = write(client, complaint, **change)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Message.objects.filter(channel="portal").exists()


def test_a_dangerous_file_is_refused_and_the_words_stay(client: Client, complaint: Complaint) -> None:
    answer = write(client, complaint, text="Look at this", files=[SimpleUploadedFile("run.exe", b"MZ" + b"\x00" * 90)])
    assert answer.status_code == 422
    assert "Look at this" in answer.content.decode()


def test_a_flood_of_messages_is_stopped(client: Client, complaint: Complaint) -> None:
    with clock.frozen_at(MONDAY):
        for number in range(MESSAGES_PER_HOUR):
            assert write(client, complaint, text=f"m{number}").status_code == 302
        assert write(client, complaint, text="one more").status_code == 422
    with clock.frozen_at(MONDAY + timedelta(minutes=61)):
        assert write(client, complaint, text="later").status_code == 302


def test_points_are_confirmed_corrected_and_added(client: Client, complaint: Complaint) -> None:
    record_assessment(
        actor=SYSTEM, complaint_id=complaint.pk, values={}, points=[("stopped working", "x"), ("nine days", "y")]
    )
    text = page(client, complaint)
    assert "Have I understood you?" in text
    wrong = Point.objects.get(words="nine days")
    client.post(url(complaint, "points/"), {"act": f"remove:{wrong.pk}"})
    for _ in range(2):
        client.post(url(complaint, "points/"), {"act": "add", "words": "Nobody rang back"})
    client.post(url(complaint, "points/"), {"act": "confirm"})
    points = list(Point.objects.filter(removed_at=None).values_list("words", "source", "confirmed_by"))
    assert points == [("stopped working", "detected", "customer"), ("Nobody rang back", "customer", "customer")]
    assert "confirmed by you" in page(client, complaint)


@pytest.mark.parametrize(
    "bad",
    [
        {"act": ""},
        {"act": "add", "words": " "},
        {"act": "add", "words": "x" * 600},
        {"act": "remove:x"},
        {"act": "remove:" + "9" * 40},
    ],
)
def test_bad_points_are_refused_in_words(client: Client, complaint: Complaint, bad: dict[str, str]) -> None:
    assert client.post(url(complaint, "points/"), bad).status_code == 422
    assert not Point.objects.exists()


def test_the_list_of_points_has_an_end(client: Client, complaint: Complaint) -> None:
    for number in range(POINTS_LIMIT):
        add_point(actor=SYSTEM, complaint_id=complaint.pk, words=f"point {number}")
    assert client.post(url(complaint, "points/"), {"act": "add", "words": "more"}).status_code == 422


def test_accepting_makes_promises_with_days(client: Client, complaint: Complaint, alice: User) -> None:
    proposal = proposed(complaint, alice)
    text = page(client, complaint)
    for part in (
        "bad batch",
        "a new Aria One",
        "50.00 GBP",
        "Send the new speaker",
        "The old speaker comes back",
        "I accept this proposal",
    ):
        assert part in text
    for _ in range(2):
        answer = client.post(url(complaint, "proposal/"), {"proposal": proposal.pk, "answer": "accept"})
        assert answer.status_code == 302
    complaint.refresh_from_db()
    assert complaint.phase == "agreed"
    assert len(promises_of(complaint)) == 1
    text = page(client, complaint)
    assert "What I have promised you" in text
    assert "You have accepted this proposal" in text
    assert "I accept this proposal" not in text


def test_the_customer_chooses_one_of_the_options(client: Client, complaint: Complaint, alice: User) -> None:
    proposal = proposed(complaint, alice, options=True)
    unchosen = client.post(url(complaint, "proposal/"), {"proposal": proposal.pk, "answer": "accept"})
    assert unchosen.status_code == 422
    unknown = client.post(url(complaint, "proposal/"), {"proposal": proposal.pk, "answer": "accept:7"})
    assert unknown.status_code == 422
    assert client.post(url(complaint, "proposal/"), {"proposal": proposal.pk, "answer": "accept:2"}).status_code == 302
    proposal.refresh_from_db()
    assert proposal.chosen_option == 2


def test_declining_and_wanting_something_else_are_answers_too(client: Client, house: House, alice: User) -> None:
    one = new_complaint(house.london)
    proposal = proposed(one, alice)
    assert client.post(url(one, "proposal/"), {"proposal": proposal.pk, "answer": "other"}).status_code == 422
    words = {"proposal": proposal.pk, "answer": "other", "words": "I would rather have the lamp."}
    assert client.post(url(one, "proposal/"), words).status_code == 302
    one.refresh_from_db()
    assert one.phase == "investigating"
    assert "I would rather have the lamp." in page(client, one)
    two = new_complaint(house.london, text="Another.")
    second = proposed(two, alice)
    assert client.post(url(two, "proposal/"), {"proposal": second.pk, "answer": "decline"}).status_code == 302
    late = client.post(url(two, "proposal/"), {"proposal": second.pk, "answer": "accept"})
    assert late.status_code == 409
    assert "in the meantime" in late.content.decode()


def test_an_answer_to_a_proposal_they_did_not_see_is_not_taken(
    client: Client, complaint: Complaint, alice: User
) -> None:
    proposal = proposed(complaint, alice)
    for bad in (
        {"proposal": proposal.pk + 1, "answer": "accept"},
        {"answer": "accept"},
        {"proposal": "\x00", "answer": "accept"},
    ):
        assert client.post(url(complaint, "proposal/"), bad).status_code == 404
    assert client.post(url(complaint, "proposal/"), {"proposal": proposal.pk, "answer": "pay me"}).status_code == 422
    proposal.refresh_from_db()
    assert proposal.state == "sent"


def test_a_settled_case_can_be_taken_up_again_from_the_page(client: Client, complaint: Complaint, alice: User) -> None:
    take(actor=actor(alice), complaint_id=complaint.pk)
    move(actor=actor(alice), complaint_id=complaint.pk, action="resolve", outcome="upheld", reason="Replaced.")
    assert "It is not settled" in page(client, complaint)
    write(client, complaint, text="Thank you!")
    complaint.refresh_from_db()
    assert complaint.phase == "resolved"
    write(client, complaint, text="It crackles again.", not_settled="yes")
    complaint.refresh_from_db()
    assert complaint.phase == "investigating"
    assert Notification.objects.filter(user=alice, kind="not_settled").count() == 1


def test_the_page_speaks_the_language_of_the_letters_and_the_time_of_the_place(client: Client, house: House) -> None:
    with clock.frozen_at(MONDAY):
        complaint = new_complaint(house.berlin, complainant=Person(name="Jonas", email="j@example.org", language="de"))
        text = page(client, complaint)
    assert 'lang="de"' in text
    assert "Montag, 2. März 2026" in text
    assert "10:30" in text
    english = client.get(url(complaint) + "?lang=en").content.decode()
    assert "Monday 2 March 2026" in english


def test_the_thank_you_page_says_what_happens_next(client: Client, house: House) -> None:
    complaint = new_complaint(house.london)
    text = client.get(url(complaint, "thanks/")).content.decode()
    assert complaint.reference is not None
    assert complaint.reference in text
    assert "mailbox" in text
    by_phone = new_complaint(house.london, text="By phone.", complainant=Person(name="Ann", phone="1"))
    assert "phones you" in client.get(url(by_phone, "thanks/")).content.decode()


def test_the_number_of_queries_does_not_grow_with_the_case(client: Client, complaint: Complaint, alice: User) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, complaint)
        return len(queries)

    before = count()
    for number in range(12):
        add_point(actor=SYSTEM, complaint_id=complaint.pk, words=f"point {number}")
        write(client, complaint, text=f"message {number}", files=[SimpleUploadedFile(f"{number}.png", PNG)])
        sent = queue_message(
            actor=actor(alice), complaint_id=complaint.pk, kind="message", subject="s", text=f"answer {number}"
        )
        assert sent is not None
        mark_sent(message_id=sent.pk)
    assert count() <= before + 1
    assert before < 30


def test_pages_of_actions_take_only_posts(client: Client, complaint: Complaint) -> None:
    for rest in ("message/", "points/", "proposal/"):
        assert client.get(url(complaint, rest)).status_code == 405
    assert client.post(url(complaint)).status_code == 405


def test_the_way_is_told_in_plain_words() -> None:
    received = MONDAY
    states = {
        phase: [stage.state for stage in way(phase, Dates(received))]
        for phase in ("registered", "proposed", "agreed", "resolved")
    }
    assert states["registered"] == ["done", "now", "to_come", "to_come", "to_come"]
    assert states["proposed"] == ["done", "done", "now", "to_come", "to_come"]
    assert states["agreed"] == ["done", "done", "done", "now", "to_come"]
    assert states["resolved"] == ["done", "done", "done"]
    assert len(way("closed", Dates(received, received, received, received))) == 5
    assert way("withdrawn", Dates(received)) == []


def test_no_page_has_a_script_or_style_of_its_own(client: Client, complaint: Complaint) -> None:
    for path in (url(complaint), url(complaint, "thanks/"), "/complain/"):
        text = client.get(path).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert "style=" not in text
        assert " onclick" not in text


def test_a_sent_message_is_confirmed_and_its_draft_is_forgotten(client: Client, complaint: Complaint) -> None:
    answer = write(client, complaint)
    assert answer["Location"].endswith("/?sent=yes#message")
    text = client.get(answer["Location"].split("#")[0]).content.decode()
    assert "Your message has arrived" in text
    assert f'data-draft-sent="message:{complaint.reference}"' in text


def test_what_they_would_like_is_on_the_page(client: Client, house: House) -> None:
    wishing = new_complaint(house.london, desired_outcome="Please <b>replace</b> it.")
    assert "<q>Please &lt;b&gt;replace&lt;/b&gt; it.</q>" in page(client, wishing)
