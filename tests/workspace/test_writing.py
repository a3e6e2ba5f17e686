"""Writing to the customer: planned, called back, held back, sent again; and what the timeline says about mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    NewFile,
    claim_for_sending,
    last_heard,
    mark_bounced,
    mark_failed,
    mark_sent,
    receive_message,
    reply,
)
from amends.core import clock
from amends.workspace.mailhtml import shown

GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def page(client: Client, complaint: Complaint, tail: str = "") -> str:
    """The page of the case."""
    answer = client.get(f"/cases/{complaint.reference}/{tail}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_called_back_reply_is_in_the_composer_again(client: Client, alice: User, complaint: Complaint) -> None:
    message = reply(actor=actor(alice), complaint_id=complaint.pk, text="Half a thought & more")
    assert message is not None
    client.force_login(alice)
    before = page(client, complaint)
    assert "data-leaves=" in before
    answer = client.post(f"/cases/{complaint.reference}/messages/{message.pk}/call-back/", follow=True)
    body = answer.content.decode()
    textarea = body[body.index('id="reply-text"') :].split("</textarea>")[0]
    assert textarea.endswith(">Half a thought &amp; more")
    assert "Take the words up again" in page(client, complaint)


def test_a_draft_is_only_what_was_called_back_in_this_case(
    client: Client, house: House, alice: User, complaint: Complaint
) -> None:
    other = new_complaint(house.london, text="Other words entirely.")
    theirs = reply(actor=actor(alice), complaint_id=other.pk, text="Not for here")
    assert theirs is not None
    Message.objects.filter(pk=theirs.pk).update(state=MessageState.CANCELLED)
    client.force_login(alice)
    for wanted in (str(theirs.pk), "x", "9" * 30, "²"):
        assert "Not for here" not in page(client, complaint, f"?draft={wanted}")


def test_a_reply_is_not_sent_over_what_the_customer_wrote_meanwhile(
    client: Client, alice: User, complaint: Complaint
) -> None:
    client.force_login(alice)
    seen = last_heard(complaint.pk)
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="Never mind, it works now.")
    answer = client.post(f"/cases/{complaint.reference}/reply/", {"text": "We will send a new one.", "seen": str(seen)})
    body = answer.content.decode()
    assert answer.status_code == 409
    assert "while you were writing" in body
    assert ">We will send a new one.</textarea>" in body
    assert "Never mind, it works now." in body
    assert not Message.objects.filter(complaint=complaint, direction="out").exists()
    again = client.post(
        f"/cases/{complaint.reference}/reply/",
        {"text": "We will send a new one.", "seen": str(last_heard(complaint.pk))},
    )
    assert again.status_code == 302
    assert Message.objects.get(complaint=complaint, direction="out").text == "We will send a new one."


@pytest.mark.parametrize(("unit", "zone"), [("london", "Europe/London"), ("berlin", "Europe/Berlin")])
def test_a_planned_reply_leaves_at_the_time_of_the_case(
    client: Client, house: House, bob: User, unit: str, zone: str
) -> None:
    case = new_complaint(getattr(house, unit))
    client.force_login(bob)
    day = (clock.now() + timedelta(days=10)).date()
    answer = client.post(
        f"/cases/{case.reference}/reply/",
        {"text": "Later.", "send_at": f"{day}T09:30", "unless_written": "yes"},
        follow=True,
    )
    assert "Your reply leaves on" in answer.content.decode()
    message = Message.objects.get(complaint=case, direction="out")
    assert message.not_before == datetime(day.year, day.month, day.day, 9, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert message.unless_customer_writes
    with clock.frozen_at(message.not_before - timedelta(seconds=1)):
        assert claim_for_sending(message_id=message.pk) is None
    with clock.frozen_at(message.not_before):
        assert claim_for_sending(message_id=message.pk) is not None


@pytest.mark.parametrize("when", ["yesterday", "2020-01-01T10:00", "2999-01-01T10:00", "2026-02-30T10:00", "\x00"])
def test_a_time_that_cannot_be_is_refused_and_nothing_is_sent(
    client: Client, alice: User, complaint: Complaint, when: str
) -> None:
    client.force_login(alice)
    answer = client.post(f"/cases/{complaint.reference}/reply/", {"text": "Later.", "send_at": when})
    assert answer.status_code == 422
    assert not Message.objects.filter(complaint=complaint, direction="out").exists()


def test_what_was_planned_is_called_back_when_the_customer_writes_first(
    client: Client, alice: User, complaint: Complaint
) -> None:
    message = reply(
        actor=actor(alice),
        complaint_id=complaint.pk,
        text="Did it arrive?",
        send_at=clock.now() + timedelta(days=2),
        unless_customer_writes=True,
    )
    plain = reply(actor=actor(alice), complaint_id=complaint.pk, text="Fixed.", send_at=clock.now() + timedelta(days=2))
    assert message is not None
    assert plain is not None
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="portal", text="It arrived, thank you.")
    message.refresh_from_db()
    plain.refresh_from_db()
    assert (message.state, plain.state) == (MessageState.CANCELLED, MessageState.QUEUED)
    assert "wrote first" in message.state_reason
    client.force_login(alice)
    assert f"draft={message.pk}" in page(client, complaint)
    told = alice.notifications.get(kind="message_called_back")
    assert f"draft={message.pk}" in told.url


def test_a_message_that_failed_can_be_sent_again(client: Client, alice: User, complaint: Complaint) -> None:
    message = reply(actor=actor(alice), complaint_id=complaint.pk, text="Hello.")
    assert message is not None
    mark_failed(message_id=message.pk, reason="The relay refused the message for good (answer 550).")
    client.force_login(alice)
    body = page(client, complaint)
    assert "answer 550" in body
    assert f"/messages/{message.pk}/again/" in body
    assert "Our mail does not reach maya@example.org" in body
    assert "+44 7700 900123" in body
    client.post(f"/cases/{complaint.reference}/messages/{message.pk}/again/")
    message.refresh_from_db()
    assert (message.state, message.state_reason) == (MessageState.QUEUED, "")
    assert client.post(f"/cases/{complaint.reference}/messages/{message.pk}/again/").status_code == 409
    assert "does not reach" not in page(client, complaint)


def test_a_hard_bounce_says_which_other_way_there_is(client: Client, alice: User, complaint: Complaint) -> None:
    message = reply(actor=actor(alice), complaint_id=complaint.pk, text="Hello.")
    assert message is not None
    mark_sent(message_id=message.pk)
    mark_bounced(message_id=message.pk, hard=True, reason="Not delivered for good (5.1.1).")
    client.force_login(alice)
    body = page(client, complaint)
    assert "5.1.1" in body
    assert "phone +44 7700 900123" in body
    assert "no postal address is known" in body


def test_a_held_message_says_why_and_can_be_let_go(
    client: Client, alice: User, complaint: Complaint, settings: Settings
) -> None:
    settings.AMENDS_MAIL_BUDGET_PERSONS = "case 1/1h"
    settings.AMENDS_UNDO_SECONDS = 0
    first, second = (reply(actor=actor(alice), complaint_id=complaint.pk, text=text) for text in ("One.", "Two."))
    assert first is not None
    assert second is not None
    assert claim_for_sending(message_id=first.pk) is not None
    assert claim_for_sending(message_id=second.pk) is None
    client.force_login(alice)
    body = page(client, complaint)
    assert "Held back" in body
    assert "in this case within 1 h" in body
    client.post(f"/cases/{complaint.reference}/messages/{second.pk}/now/")
    assert claim_for_sending(message_id=second.pk) is not None
    assert client.post(f"/cases/{complaint.reference}/messages/{second.pk}/now/").status_code == 409


def test_the_outsider_can_do_nothing_with_a_message(client: Client, charlie: User, complaint: Complaint) -> None:
    message = reply(actor=SYSTEM, complaint_id=complaint.pk, text="Hello.")
    assert message is not None
    client.force_login(charlie)
    for action in ("call-back", "again", "now"):
        assert client.post(f"/cases/{complaint.reference}/messages/{message.pk}/{action}/").status_code == 404


def test_signed_and_encrypted_mail_is_shown_as_such(client: Client, alice: User, complaint: Complaint) -> None:
    for number, word in enumerate(("smime_signed", "pgp_encrypted", "pgp_both", "odd_thing", "")):
        receive_message(
            actor=SYSTEM, complaint_id=complaint.pk, channel="email", text=f"Number {number}", protection=word
        )
    client.force_login(alice)
    body = page(client, complaint)
    for words in ("signed with S/MIME", "encrypted with PGP", "signed and encrypted with PGP"):
        assert words in body
    assert "odd" not in body


def test_images_of_a_mail_stand_in_their_place_and_others_are_not_loaded(
    client: Client, alice: User, charlie: User, complaint: Complaint
) -> None:
    message = receive_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        channel="email",
        text="Look: here",
        html='<p>Look: <img src="cid:p1@x" alt="the crack"> here <img alt=""></p><blockquote><p>old</p></blockquote>',
        files=[
            NewFile("crack.gif", "image/gif", GIF, "p1@x"),
            NewFile("evil.svg", "image/svg+xml", b"<svg onload='x()'/>", "s1@x"),
        ],
    )
    picture, drawing = message.attachments.order_by("pk")
    client.force_login(alice)
    body = page(client, complaint)
    address = f"/cases/{complaint.reference}/images/{picture.pk}/"
    assert f'<img src="{address}" alt="the crack" loading="lazy">' in body
    assert "1 image from elsewhere was not loaded" in body
    assert "<details><summary>quoted</summary><blockquote>" in body
    answer = client.get(address)
    assert (answer.content, answer["Content-Type"]) == (GIF, "image/gif")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert client.get(f"/cases/{complaint.reference}/images/{drawing.pk}/").status_code == 404
    client.force_login(charlie)
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "hostile",
    [
        '<img src="cid:a" onerror="x()"><script>x()</script>',
        '<img src="https://tracker.example/p.gif"><img src="cid:a">',
        '<img src="cid:a"><a href="javascript:x()">a</a>',
        '<img src="cid:a"><img src="//evil.example/x.png">',
        '<img src="cid:a" style="position:fixed"><form action="/x"><input name="a"></form>',
        '<img src="cid:a"><span class="button--primary">Send</span>',
        "<img src=cid:a><img src='cid:a'><img src=\"cid:a\"",
        '<img src="cid:a" alt="&quot;><script>x()</script>">',
    ],
)
def test_nothing_in_a_stranger_s_mail_runs_loads_or_looks_like_ours(hostile: str) -> None:
    html = shown(f"<p>{hostile}</p>", {"a": "/cases/AM-1/images/1/"}).html
    assert "<script" not in html
    for word in ("onerror=", "javascript:", "tracker.example", "evil.example", "style=", "<form", "button--primary"):
        assert word not in html


def test_what_machines_say_is_a_small_line(client: Client, alice: User, complaint: Complaint) -> None:
    from amends.audit.public import record

    for kind in ("auto_reply_received", "delivery_notice_received"):
        record(actor=SYSTEM, chain=f"complaint:{complaint.pk}", kind=kind, data={"mail": 7})
    client.force_login(alice)
    body = page(client, complaint)
    assert "An automatic answer came" in body
    assert f"/cases/{complaint.reference}/mail/7/raw/" in body
