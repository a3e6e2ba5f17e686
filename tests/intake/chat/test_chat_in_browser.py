"""Two browsers talk: a customer on their page and a colleague; then one of them goes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.browser.conftest import NARROW, WIDE, Site, Visit
from tests.people import actor

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message, MessageState, move, portal_token
from amends.core import clock
from amends.intake.channels.chat import services
from amends.intake.channels.chat.models import Chat
from amends.intake.channels.chat.saying import customer_says
from amends.intake.channels.chat.tokens import chat_token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['failureSummary']}" for one in found]


def customers_page(page: Page, complaint: Complaint) -> None:
    page.goto(f"/p/{portal_token(complaint.public_id)}/")
    page.get_by_role("link", name="Or chat with us").click()
    page.get_by_role("button", name="Open the chat").click()
    expect(page.get_by_label("Write to us")).to_be_visible()


def test_two_people_talk_and_what_is_seen_is_sent_once(visit: Visit, alice: User, complaint: Complaint) -> None:
    customer, agent = visit().page, visit(alice).page
    agent.goto("/chats/")
    expect(agent.get_by_text("Nobody is in the chat")).to_be_visible()
    customers_page(customer, complaint)
    agent.get_by_role("link", name="Maya Okafor").click()  # the list came alive by itself
    expect(agent.locator("[data-presence]")).to_have_text("is there")
    expect(customer.locator("[data-presence]")).to_have_text("We are here and read what you write.")

    customer.get_by_label("Write to us").press_sequentially("Is my <b>parcel</b> lost?")
    expect(agent.get_by_text("The customer is writing …")).to_be_visible()
    customer.keyboard.press("Enter")
    expect(agent.locator("[data-lines]")).to_contain_text("Is my <b>parcel</b> lost?")
    expect(customer.locator("[data-lines]")).to_contain_text("Is my <b>parcel</b> lost?")
    expect(customer.get_by_label("Write to us")).to_have_value("")

    agent.get_by_label("Your answer").press_sequentially("I have found it.")
    expect(customer.get_by_text("We are writing …")).to_be_visible()
    agent.keyboard.press("Enter")
    expect(customer.locator("[data-lines]")).to_contain_text("I have found it.")
    expect(agent.locator("[data-lines] [data-way]").last).to_have_text("seen")
    message = Message.objects.get(complaint=complaint, direction="out", channel="chat")
    assert message.state == MessageState.SENT
    assert customer.locator("[data-line]").count() == 2

    agent.get_by_role("button", name="End the chat").click()
    expect(agent.get_by_text("Everything that was written is in the case.")).to_be_visible()
    assert Chat.objects.get().ended_at is not None


def test_an_answer_after_the_page_was_closed_goes_by_mail_once(visit: Visit, alice: User, complaint: Complaint) -> None:
    visitor, agent = visit(), visit(alice).page
    customers_page(visitor.page, complaint)
    visitor.page.get_by_label("Write to us").fill("I have to go.")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("[data-lines]")).to_contain_text("I have to go.")
    agent.goto(f"/chats/{complaint.reference}/")
    expect(agent.locator("[data-presence]")).to_have_text("is there")
    visitor.page.goto("about:blank")
    expect(agent.locator("[data-presence]")).to_contain_text("has gone")
    agent.get_by_label("Your answer").fill("A new one leaves today.")
    agent.keyboard.press("Enter")
    expect(agent.locator("[data-lines]")).to_contain_text("A new one leaves today.")
    line = Message.objects.get(complaint=complaint, direction="out", channel="chat")
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        assert services.hand_over(message_id=line.pk) is False
        assert services.hand_over(message_id=line.pk) is False
    mail = Message.objects.get(complaint=complaint, direction="out", channel="email", kind="message")
    assert "A new one leaves today." in mail.text
    assert mail.state == MessageState.QUEUED
    expect(agent.locator("[data-lines] [data-way]").last).to_have_text("passed on by mail or to their page")
    visitor.page.goto(f"/p/{portal_token(complaint.public_id)}/chat/")
    expect(visitor.page.locator("[data-lines]")).to_contain_text("A new one leaves today.")
    expect(agent.locator("[data-lines] [data-way]").last).to_have_text("seen")
    assert Message.objects.filter(complaint=complaint, direction="out", channel="email", kind="message").count() == 1


def test_a_stream_that_broke_goes_on_after_the_last_line_it_had(site: Site, alice: User, complaint: Complaint) -> None:
    chat = services.open_chat(actor=SYSTEM, complaint=complaint)
    chat.complaint = complaint
    address = f"{site.url}/chat/{chat_token(chat.public_id)}/live/"
    first = customer_says(chat=chat, text="one", key="key-00001").message_id

    def read(last: str, lines: int) -> list[str]:
        heard: list[str] = []
        with httpx.stream("GET", address, headers={"Last-Event-ID": last}, timeout=20) as answer:
            assert answer.headers["content-type"] == "text/event-stream"
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    heard.append(line[4:])
                if len(heard) == lines:
                    return heard
        return heard

    assert read("0", 1) == [str(first)]
    second = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="two", key="key-00002")
    third = customer_says(chat=chat, text="three", key="key-00003").message_id
    assert second is not None
    assert read(str(first), 2) == [str(second.pk), str(third)]
    assert read("nonsense", 3) == [str(first), str(second.pk), str(third)]


def test_what_fails_to_get_through_stays_and_is_not_doubled(visit: Visit, complaint: Complaint) -> None:
    visitor = visit()
    page = visitor.page
    customers_page(page, complaint)
    page.route("**/say/", lambda route: route.abort())
    page.get_by_label("Write to us").fill("Do you hear me?")
    page.keyboard.press("Enter")
    expect(page.locator("[data-problem]")).to_contain_text("Your words are still here")
    expect(page.get_by_label("Write to us")).to_have_value("Do you hear me?")
    page.unroute("**/say/")

    def arrives_but_answers_nothing(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]  # playwright's Route
        route.abort()  # type: ignore[attr-defined]  # as above

    page.route("**/say/", arrives_but_answers_nothing, times=1)
    page.keyboard.press("Enter")
    expect(page.locator("[data-lines]")).to_contain_text("Do you hear me?")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Write to us")).to_have_value("")
    assert Message.objects.filter(complaint=complaint, direction="in", channel="chat").count() == 1
    visitor.complaints.clear()  # the console names the two requests that were cut


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_pages_of_the_chat_pass_axe(
    visit: Visit, alice: User, complaint: Complaint, size: dict[str, int], scheme: str, pictures: Path | None
) -> None:
    customer, agent = visit(size=size, scheme=scheme).page, visit(alice, size=size, scheme=scheme).page
    agent.goto("/chats/")
    found = {"empty": violations(agent)}
    customers_page(customer, complaint)
    customer.get_by_label("Write to us").fill("My speaker crackles since the update, and I have called twice.")
    customer.keyboard.press("Enter")
    agent.goto(f"/chats/{complaint.reference}/")
    agent.get_by_label("Your answer").fill("I am sorry that you had to call twice. I look at it now.")
    agent.keyboard.press("Enter")
    expect(customer.locator("[data-lines]")).to_contain_text("I look at it now.")
    found |= {"agent": violations(agent), "customer": violations(customer)}
    if pictures:
        for name, page in (("agent", agent), ("customer", customer)):
            page.screenshot(path=pictures / f"chat-{name}-{scheme}-{size['width']}.png", full_page=True)
    assert found == {"empty": [], "agent": [], "customer": []}


def test_a_chat_that_is_open_in_very_many_places_is_refused_another(site: Site, complaint: Complaint) -> None:
    from contextlib import ExitStack

    from amends.intake.channels.chat.stream import MOST

    chat = services.open_chat(actor=SYSTEM, complaint=complaint)
    address = f"{site.url}/chat/{chat_token(chat.public_id)}/live/"
    with httpx.Client(timeout=20) as client, ExitStack() as stack:
        pages = []  # kept: an iterator that is thrown away closes its stream
        for _number in range(MOST):
            pages.append(stack.enter_context(client.stream("GET", address)).iter_bytes())
            next(pages[-1])
        assert stack.enter_context(client.stream("GET", address)).status_code == 429


def test_a_photo_goes_to_the_colleague_who_can_open_it(visit: Visit, alice: User, complaint: Complaint) -> None:
    customer, agent = visit().page, visit(alice).page
    customers_page(customer, complaint)
    agent.goto(f"/chats/{complaint.reference}/")
    customer.get_by_label("Photos or documents (optional)").set_input_files(
        {"name": "photo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"\x00" * 40}
    )
    customer.get_by_role("button", name="Send").click()
    expect(customer.locator("[data-lines]")).to_contain_text("photo.png")
    link = agent.locator("[data-lines]").get_by_role("link", name="photo.png")
    expect(link).to_be_visible()
    with agent.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    expect(customer.get_by_label("Photos or documents (optional)")).to_have_value("")
    customer.get_by_label("Write to us").fill("And this is a program.")
    customer.get_by_label("Photos or documents (optional)").set_input_files(
        {"name": "run.exe", "mimeType": "image/png", "buffer": b"MZ" + b"\x00" * 40}
    )
    customer.get_by_role("button", name="Send").click()
    expect(customer.get_by_role("alert")).to_contain_text("run.exe")
    expect(customer.get_by_label("Write to us")).to_have_value("And this is a program.")
    assert violations(customer) == []
    assert violations(agent) == []


def test_words_long_after_the_closing_go_on_in_a_new_case(visit: Visit, complaint: Complaint) -> None:
    with clock.frozen_at(clock.now() - timedelta(days=20)):
        for action, more in (
            ("acknowledge", {}),
            ("resolve", {"outcome": "upheld", "reason": "Refunded."}),
            ("close", {}),
        ):
            move(actor=SYSTEM, complaint_id=complaint.pk, action=action, **more)
    page = visit().page
    page.goto(f"/p/{portal_token(complaint.public_id)}/chat/")
    page.get_by_role("button", name="Open the chat").click()
    page.get_by_label("Write to us").fill("Another one crackles.")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: portal_token(complaint.public_id) not in url)
    new = Complaint.objects.exclude(pk=complaint.pk).get()
    expect(page.locator("[data-lines]")).to_contain_text("Another one crackles.")
    expect(page.locator(".reference")).to_have_text(new.reference or "?")
