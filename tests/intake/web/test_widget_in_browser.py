"""The widget on somebody else's web site, which allows it nothing more than its script and its requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.browser.conftest import NARROW, WIDE, Site, Visit
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Attachment, Complaint, Message, move
from amends.core import clock
from amends.intake.channels.chat import services
from amends.intake.channels.web.brands import set_brand

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
Host = Callable[[str], str]


@pytest.fixture
def host(site: Site) -> Iterator[Host]:
    """Serves a page of another origin with a strict policy: only our script and our requests are allowed on it."""
    attributes = {"text": ""}

    class ShopPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/"
            self.send_response(200 if found else 204)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            policy = (
                f"default-src 'none'; script-src {site.url}; connect-src {site.url}; img-src 'self'; form-action 'none'"
            )
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            if found:
                self.wfile.write(
                    f"<!doctype html><html lang='en'><title>A shop</title><main><h1>A shop</h1><p>Speakers.</p></main>"
                    f"<script src='{site.url}/widget.js' {attributes['text']} defer></script></html>".encode()
                )

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the name in the base class
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), ShopPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def serve(text: str) -> str:
        attributes["text"] = text
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    server.shutdown()
    server.server_close()


def allow(house: House, origin: str, **more: object) -> None:
    set_brand(actor=SYSTEM, unit=house.london, origins=[origin], **more)  # type: ignore[arg-type]  # as the test says


def violations(page: Page) -> list[str]:
    page.wait_for_timeout(200)
    page.evaluate("document.documentElement.dataset.axe = 'yes'")
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['failureSummary']}" for one in found]


def test_a_complaint_with_a_file_comes_in_from_another_web_site(visit: Visit, house: House, host: Host) -> None:
    origin = host("data-unit='london'")
    allow(house, origin)
    page = visit().page
    page.goto(origin)
    page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(page.get_by_role("dialog", name="Write to us")).to_be_visible()
    page.get_by_label("What happened?").fill("The speaker crackles.")
    page.get_by_label("Your e-mail address").first.fill("maya@example.org")
    page.get_by_label("Photos or documents").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    page.wait_for_timeout(3100)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Thank you. It has arrived.")).to_be_visible()
    complaint = Complaint.objects.get()
    assert (complaint.unit, complaint.channel, complaint.text) == (house.london, "web", "The speaker crackles.")
    assert Attachment.objects.get().name == "a.png"
    expect(page.get_by_text(complaint.reference or "?")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(page.get_by_label("What happened?")).to_have_value("")


def test_a_web_site_that_is_not_allowed_gets_nothing(visit: Visit, house: House, host: Host) -> None:
    origin = host("data-unit='london'")
    visitor = visit()
    visitor.page.goto(origin)
    visitor.page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(visitor.page.locator("dialog a")).to_be_visible()
    expect(visitor.page.get_by_label("What happened?")).to_have_count(0)
    assert any("CORS" in one for one in visitor.complaints)
    visitor.complaints.clear()


def test_the_dialog_keeps_the_focus_and_escape_leaves_it(visit: Visit, house: House, host: Host) -> None:
    origin = host("data-unit='london' data-lang='de'")
    allow(house, origin)
    page = visit().page
    page.goto(origin)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Was ist passiert?")).to_be_visible()
    inside = "document.querySelector('body > div').shadowRoot.activeElement?.closest('dialog') !== null"
    for _each in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(f"document.activeElement === document.body || {inside}")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    focused = page.evaluate("document.querySelector('body > div').shadowRoot.activeElement.className")
    assert focused == "open"


def test_the_draft_survives_a_broken_connection_and_is_one_complaint(visit: Visit, house: House, host: Host) -> None:
    origin = host("data-unit='london'")
    allow(house, origin)
    visitor = visit()
    page = visitor.page
    page.goto(origin)
    page.get_by_role("button", name="Something wrong? Tell us").click()
    page.get_by_label("What happened?").fill("The line went dead while I wrote.")
    page.get_by_label("Your e-mail address").first.fill("maya@example.org")
    page.wait_for_timeout(3100)

    def arrives_but_answers_nothing(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined]  # playwright's Route
        route.abort()  # type: ignore[attr-defined]  # as above

    page.route("**/widget/complaint/**", arrives_but_answers_nothing, times=1)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Your words are kept")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(page.get_by_text("Your draft from last time is here again.")).to_be_visible()
    expect(page.get_by_label("What happened?")).to_have_value("The line went dead while I wrote.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Thank you. It has arrived.")).to_be_visible()
    assert Complaint.objects.count() == 1
    visitor.complaints.clear()  # the console names the request that was cut


def test_on_a_shared_device_no_draft_stays(visit: Visit, house: House, host: Host) -> None:
    origin = host("data-unit='london'")
    allow(house, origin)
    page = visit().page
    page.goto(origin)
    page.get_by_role("button", name="Something wrong? Tell us").click()
    page.get_by_label("What happened?").fill("Nobody else may read this.")
    assert "Nobody else" in page.evaluate("JSON.stringify(localStorage)")
    page.get_by_label("Other people use this device").check()
    page.get_by_label("What happened?").press_sequentially(" Really.")
    assert "Nobody else" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(page.get_by_label("What happened?")).to_have_value("")


def test_a_chat_from_another_web_site_goes_on_after_the_page_was_loaded_again(
    visit: Visit, house: House, host: Host, alice: User
) -> None:
    origin = host("data-unit='london' data-start='chat'")
    allow(house, origin)
    page = visit().page
    page.goto(origin)
    page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(page.get_by_text("Nobody is here at the moment.")).to_be_visible()
    chat = page.locator("dialog form:visible")
    chat.get_by_label("Your name").fill("Maya")
    chat.get_by_label("What happened?").fill("Is <i>anybody</i> there?")
    page.wait_for_timeout(3100)
    page.get_by_role("button", name="Start the chat").click()
    expect(page.get_by_role("log")).to_contain_text("Is <i>anybody</i> there?")
    complaint = Complaint.objects.get()
    assert (complaint.channel, complaint.customer.name) == ("chat", "Maya")
    services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="Yes, I am.", key="key-00001")
    expect(page.get_by_role("log")).to_contain_text("Yes, I am.")
    page.reload()
    page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(page.get_by_role("log")).to_contain_text("Yes, I am.")
    page.get_by_label("Your message").fill("Good.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("Good.")
    texts = list(
        Message.objects.filter(complaint=complaint, channel="chat").order_by("id").values_list("text", flat=True)
    )
    assert texts == ["Is <i>anybody</i> there?", "Yes, I am.", "Good."]
    expect(page.get_by_label("Your message")).to_have_value("")
    talk = page.locator("dialog form:visible")
    talk.get_by_label("Photos or documents").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": PNG})
    talk.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("log")).to_contain_text("a.png")
    assert Attachment.objects.get().message.complaint_id == complaint.pk
    with clock.frozen_at(clock.now() - timedelta(days=20)):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="resolve", outcome="upheld", reason="Refunded.")
        move(actor=SYSTEM, complaint_id=complaint.pk, action="close")
    page.get_by_label("Your message").fill("Another one crackles.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_have_text("YouAnother one crackles.")
    new = Complaint.objects.exclude(pk=complaint.pk).get()
    expect(page.get_by_text(new.reference or "?")).to_be_visible()


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_open_widget_passes_axe(
    visit: Visit, house: House, host: Host, size: dict[str, int], scheme: str, pictures: Path | None
) -> None:
    origin = host("data-unit='london'")
    allow(house, origin, accent="#7a1f5c", texts={"en": {"title": "Tell Northlight", "intro": "Anna reads it today."}})
    context = visit(size=size, scheme=scheme)
    page = context.page
    page.goto(origin)
    page.get_by_role("button", name="Something wrong? Tell us").click()
    expect(page.get_by_role("heading", name="Tell Northlight")).to_be_visible()
    if pictures:
        page.screenshot(path=pictures / f"widget-form-{scheme}-{size['width']}.png")
    form = violations(page)
    page.get_by_role("button", name="Chat", exact=True).click()
    if pictures:
        page.screenshot(path=pictures / f"widget-chat-{scheme}-{size['width']}.png")
    chat = violations(page)
    context.complaints.clear()  # what the host page's policy says about axe itself
    assert (form, chat) == ([], [])


def test_an_answer_in_a_closed_dialog_has_not_been_seen_and_shows_on_the_button(
    visit: Visit, house: House, host: Host, alice: User
) -> None:
    origin = host("data-unit='london' data-start='chat'")
    allow(house, origin)
    page = visit().page
    page.goto(origin)
    page.get_by_role("button", name="Something wrong? Tell us").click()
    page.locator("dialog form:visible").get_by_label("What happened?").fill("Are you there?")
    page.wait_for_timeout(3100)
    page.get_by_role("button", name="Start the chat").click()
    expect(page.get_by_role("log")).to_contain_text("Are you there?")
    page.keyboard.press("Escape")
    complaint = Complaint.objects.get()
    line = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="Yes, I am.", key="key-00001")
    assert line is not None
    expect(page.get_by_role("button", name="We have answered")).to_be_visible()
    page.wait_for_timeout(300)
    line.refresh_from_db()
    assert line.state == "queued"
    page.get_by_role("button", name="We have answered").click()
    expect(page.get_by_role("log")).to_contain_text("Yes, I am.")
    page.wait_for_timeout(500)
    line.refresh_from_db()
    assert line.state == "sent"
    expect(page.get_by_role("button", name="Something wrong? Tell us")).to_have_count(1)
