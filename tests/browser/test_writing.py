"""Writing to the customer in a real browser: the seconds count down, words come back, the mailroom decides."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from amends.accounts.public import SYSTEM, User
from amends.cases.public import (
    Complaint,
    NewFile,
    assign,
    link_cases,
    mark_bounced,
    mark_sent,
    queue_message,
    receive_message,
    reply,
    reply_address,
)
from amends.core import clock
from amends.intake.channels.email import services
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.people import House

GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


def stray(complaint: Complaint) -> None:
    """A mail of somebody else that names the case."""
    token = reply_address(complaint.public_id, "care@amends.localhost")
    raw = (
        f"From: Ben Okafor <ben@example.net>\r\nTo: {token}\r\nSubject: Re: Speaker\r\nMessage-ID: <s1@example.net>\r\n\r\n"
        "I write for my mother, who is in hospital.\r\nPlease answer to me."
    )
    number = services.store(raw=raw.encode(), envelope_from="ben@example.net", envelope_to=[token])
    services.process(raw_mail_id=number)


def test_the_seconds_count_down_and_the_words_come_back(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice).page
    page.goto(f"/cases/{complaint.reference}/")
    page.get_by_label("Your reply").fill("Half a thought")
    page.get_by_role("button", name="Send to the customer").click()
    expect(page.locator("[data-leaves]")).to_contain_text("Leaves in")
    page.get_by_role("button", name="Call it back").click()
    expect(page.get_by_label("Your reply")).to_have_value("Half a thought")


def test_calling_back_works_without_scripts(visit: Visit, alice: User, complaint: Complaint) -> None:
    reply(actor=SYSTEM, complaint_id=complaint.pk, text="An automatic sentence")
    page = visit(alice, script=False).page
    page.goto(f"/cases/{complaint.reference}/")
    page.get_by_label("Your reply").fill("Half a thought")
    page.get_by_role("button", name="Send to the customer").click()
    page.get_by_role("button", name="Call it back").last.click()
    expect(page.get_by_label("Your reply")).to_have_value("Half a thought")


def test_the_page_says_that_the_customer_wrote_meanwhile(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice).page
    page.goto(f"/cases/{complaint.reference}/")
    page.get_by_label("Your reply").fill("We send a new one.")
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="Never mind, it works.")
    expect(page.get_by_text("Never mind, it works.")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="while you were writing")).to_be_visible()
    page.get_by_role("button", name="Send to the customer").click()
    expect(page.get_by_label("Your reply")).to_have_value("We send a new one.")
    page.get_by_role("button", name="Send to the customer").click()
    expect(page.locator("[data-leaves]")).to_be_visible()


def test_a_page_misses_nothing_that_happens_before_its_stream_is_open(
    visit: Visit, alice: User, complaint: Complaint
) -> None:
    page = visit(alice).page
    held: list[Route] = []
    page.route("**/news/", lambda route: held.append(route), times=1)  # noqa: PLW0108  # it looks at the signature
    page.goto(f"/cases/{complaint.reference}/")
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="Never mind, it works.")
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    expect(page.get_by_text("Never mind, it works.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_pictures_of_mail_in_a_case(
    visit: Visit,
    house: House,
    alice: User,
    complaint: Complaint,
    size: dict[str, int],
    scheme: str,
    pictures: Path | None,
) -> None:
    from tests.people import new_complaint

    assign(actor=SYSTEM, complaint_id=complaint.pk, owner_id=alice.pk)
    old = new_complaint(house.london, text="An old one.")
    link_cases(actor=SYSTEM, complaint_id=complaint.pk, other_id=old.pk)
    receive_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        channel="email",
        text="Here is the crack: and the label.",
        html='<p>Here is the crack: <img src="cid:a" alt="the crack"> and <img> the label.</p><blockquote>Old</blockquote>',
        files=[NewFile("crack.gif", "image/gif", GIF, "a")],
        protection="smime_signed",
    )
    sent = queue_message(actor=SYSTEM, complaint_id=complaint.pk, kind="message", subject="Your speaker", text="On it.")
    assert sent is not None
    mark_sent(message_id=sent.pk)
    mark_bounced(message_id=sent.pk, hard=True, reason="Not delivered for good (5.1.1).")
    reply(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        text="Planned words.",
        send_at=clock.now() + timedelta(days=1),
        unless_customer_writes=True,
    )
    stray(complaint)
    page = visit(alice, size=size, scheme=scheme).page
    for name, address in {
        "case-mail": f"/cases/{complaint.reference}/",
        "others": "/mail/others/",
    }.items():
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if pictures:
            page.wait_for_timeout(600)
            page.screenshot(path=pictures / f"{name}-{size['width']}-{scheme}.png")
    page.get_by_role("link", name="Re: Speaker").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if pictures:
        page.screenshot(path=pictures / f"other-{size['width']}-{scheme}.png")
    page.get_by_label("It belongs to the case: another address").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("The mail is now in case")).to_be_visible()
