"""An agent's day in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from amends.accounts.public import User
from amends.cases.public import Complaint, Message
from amends.notifications.public import notify
from tests.browser.conftest import NARROW, PASSWORD, Visit
from tests.people import House, new_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_agent_signs_in_and_lands_where_they_wanted_to_go(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit().page
    page.goto("/queue/unassigned/")
    page.get_by_label("E-mail address").fill(alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Unassigned")).to_be_visible()
    expect(page.get_by_role("link", name=complaint.subject)).to_be_visible()


def test_letters_lead_through_queue_and_case(visit: Visit, alice: User, house: House) -> None:
    first, second = (new_complaint(house.london, subject=subject) for subject in ("The first one", "The second one"))
    page = visit(alice).page
    page.goto("/queue/all/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=first.subject)).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name=second.subject)).to_be_focused()
    page.keyboard.press(".")
    assert page.evaluate("navigator.clipboard.readText()") == second.reference
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/cases/{first.reference}/"))
    page.keyboard.press("n")
    note = page.get_by_label("Your note")
    expect(note).to_be_focused()
    page.keyboard.type("jkrnsaept ?/ are only letters here")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry--note")).to_contain_text("jkrnsaept ?/ are only letters here")
    page.keyboard.press("r")
    page.keyboard.type("I am sorry. I will ring you today.")
    expect(page.get_by_role("button", name="Send to the customer")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry--out")).to_contain_text("I will ring you today")
    assert Message.objects.filter(complaint=first, direction="out", author=alice).count() == 1
    assert not Message.objects.filter(complaint=second, author=alice).exists()


def test_reply_and_note_cannot_be_mistaken_for_each_other(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice).page
    page.goto(f"/cases/{complaint.reference}/")

    def look() -> tuple[str, str]:
        ground = page.locator("#composer").evaluate("element => getComputedStyle(element).backgroundColor")
        return ground, page.locator("#composer button:visible").inner_text().split("\n")[0]

    page.keyboard.press("r")
    reply = look()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    note = look()
    assert reply[0] != note[0]
    assert reply[1].startswith("Send")
    assert note[1].startswith("Save")


def test_next_step_offers_only_allowed_moves_and_no_letter_closes_a_case(
    visit: Visit, alice: User, complaint: Complaint
) -> None:
    page = visit(alice).page
    page.goto(f"/cases/{complaint.reference}/")
    page.keyboard.press("s")
    menu = page.locator("details.menu[open] .menu__sheet")
    expect(menu.get_by_role("button", name="Start investigating")).to_be_visible()
    expect(menu.get_by_role("button", name="Close", exact=True)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".case details.menu[open]")).to_have_count(0)
    for letter in "abcdefghijklmopqtuvwxyz":
        page.keyboard.press(letter)
        page.keyboard.press("Escape")
    complaint.refresh_from_db()
    assert complaint.phase == "registered"


@pytest.mark.parametrize("width", [360, 820, 1180, 1440])
def test_every_menu_opens_whole_inside_the_window(width: int, visit: Visit, lena: User, complaint: Complaint) -> None:
    page = visit(lena, size={"width": width, "height": 900}).page
    page.goto(f"/cases/{complaint.reference}/")
    for key in "satepg":
        page.keyboard.press(key)
        sheet = page.locator("details.menu[open] > .menu__sheet")
        box = sheet.bounding_box()
        assert box is not None, key
        assert box["x"] >= 0, key
        assert box["x"] + box["width"] <= width, key
        centre = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
        on_top = page.evaluate("({x, y}) => document.elementFromPoint(x, y)?.closest('.menu__sheet') !== null", centre)
        assert on_top, f"{key}: something covers the menu"
        page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)


def test_single_letters_can_be_switched_off(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice).page
    page.goto("/queue/all/")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("[data-row-link]:focus")).to_have_count(0)
    sheet.get_by_role("button", name="Switch single letters off").click()
    expect(page.locator("body")).to_have_attribute("data-shortcuts", "off")
    page.keyboard.press("j")
    expect(page.locator("[data-row-link]:focus")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Do something")).to_be_visible()


def test_palette_finds_commands_and_cases(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice).page
    page.goto("/queue/mine/")
    page.keyboard.press("Control+k")
    page.keyboard.type("late")
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text("late or nearly late")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/queue/breaching/"))
    page.keyboard.press("Control+k")
    page.keyboard.type("Okafor")
    expect(page.locator("#palette [aria-selected=true]")).to_contain_text(str(complaint.reference))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/cases/{complaint.reference}/"))


def test_clock_says_why_to_keyboard_and_pointer(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice).page
    page.goto("/queue/all/")
    page.keyboard.press("j")
    page.keyboard.press("Tab")
    hint = page.get_by_role("tooltip")
    expect(hint).to_contain_text("Due")
    expect(hint).to_contain_text("house")
    page.keyboard.press("Escape")
    expect(hint).to_be_hidden()
    page.locator(".clock").last.hover()
    expect(hint).to_be_visible()


def test_new_complaint_and_alert_arrive_without_reloading(visit: Visit, alice: User, house: House) -> None:
    page = visit(alice).page
    page.goto("/queue/all/")
    expect(page.get_by_role("heading", name="No complaint has come in yet")).to_be_visible()
    page.wait_for_timeout(800)  # the stream is open when the page has been there for a moment
    one = new_complaint(house.london, subject="It came by itself")
    notify(
        users=[alice.pk],
        kind="new_case",
        title=f"{one.reference}: serious",
        url=f"/cases/{one.reference}/",
        complaint_id=one.pk,
        key="k1",
    )
    expect(page.get_by_role("link", name="It came by itself")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text(f"{one.reference}: serious")
    expect(page.locator("#alert-count")).to_contain_text("1")
    page.keyboard.press("g")
    page.get_by_role("button", name="I have seen it").first.click()
    expect(page.locator("#alerts")).to_contain_text("Nothing needs you right now")
    expect(page.locator("#alert-count")).to_have_text("")


def test_live_news_of_other_units_never_arrives(visit: Visit, charlie: User, house: House) -> None:
    page = visit(charlie).page
    asked: list[str] = []
    page.goto("/queue/all/")
    page.wait_for_timeout(800)
    page.on("request", lambda request: asked.append(request.url))
    new_complaint(house.london, subject="Not for Berlin")
    page.wait_for_timeout(1200)
    assert asked == []
    new_complaint(house.berlin, subject="Für Berlin")
    expect(page.get_by_role("link", name="Für Berlin")).to_be_visible()


def test_what_somebody_is_writing_survives_live_news(
    visit: Visit, alice: User, complaint: Complaint, house: House
) -> None:
    from amends.accounts.public import SYSTEM
    from amends.cases.public import receive_message

    page = visit(alice).page
    page.goto(f"/cases/{complaint.reference}/")
    page.wait_for_timeout(800)
    page.keyboard.press("r")
    page.keyboard.type("Half a sentence")
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="One more thing: it smells burnt.")
    expect(page.locator(".timeline")).to_contain_text("it smells burnt")
    expect(page.get_by_label("Your reply")).to_have_value("Half a sentence")
    expect(page.get_by_label("Your reply")).to_be_focused()


def test_everything_important_works_without_scripts(visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice, script=False).page
    page.goto(f"/cases/{complaint.reference}/?compose=note")
    page.get_by_label("Your note").fill("Written without scripts")
    page.get_by_role("button", name="Save the note").click()
    expect(page.locator(".entry--note")).to_contain_text("Written without scripts")
    page.get_by_role("link", name="Clocks").click()
    expect(page.get_by_role("heading", name="Clocks", level=2)).to_be_visible()


@pytest.mark.parametrize(
    "address",
    ["/queue/all/", "/cases/{reference}/", "/search/?q=Speaker", "/cases/", "/nowhere/", "/queue/all/?lang=de"],
)
def test_phone_has_no_sideways_scrolling(address: str, visit: Visit, alice: User, complaint: Complaint) -> None:
    page = visit(alice, size=NARROW).page
    page.goto(address.format(reference=complaint.reference))
    page.wait_for_load_state("networkidle") if "nowhere" in address else page.wait_for_timeout(500)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
