"""The form in a browser: the draft, the shared device, a broken connection, and the brand's look."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.intake.web.test_widget_in_browser import RULES
from tests.people import House

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint
from amends.intake.channels.web.brands import set_brand

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_draft_comes_back_with_a_notice_and_goes_when_it_was_sent(visit: Visit, house: House) -> None:
    page = visit().page
    page.goto("/complain/london/")
    page.get_by_label("What happened?").fill("It crackles.")
    page.get_by_label("Your e-mail address").fill("maya@example.org")
    page.wait_for_timeout(600)
    page.reload()
    expect(page.get_by_text("Your draft from last time is here again.")).to_be_visible()
    expect(page.get_by_label("What happened?")).to_have_value("It crackles.")
    page.wait_for_timeout(3000)
    page.get_by_role("button", name="Send my complaint").click()
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    page.goto("/complain/london/")
    expect(page.get_by_label("What happened?")).to_have_value("")


def test_sent_again_after_the_answer_was_lost_it_is_one_complaint(visit: Visit, house: House) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/complain/london/")
    page.get_by_label("What happened?").fill("The line went dead.")
    page.get_by_label("Your e-mail address").fill("maya@example.org")
    page.wait_for_timeout(3100)

    def arrives_but_answers_nothing(route: object) -> None:
        route.fetch(max_redirects=0)  # type: ignore[attr-defined]  # playwright's Route
        route.abort()  # type: ignore[attr-defined]  # as above

    page.route(
        lambda address: address.endswith("/complain/london/"),
        lambda route: arrives_but_answers_nothing(route) if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_role("button", name="Send my complaint").click()
    page.wait_for_timeout(500)
    assert Complaint.objects.count() == 1
    page.unroute_all()
    page.goto("/complain/london/")
    expect(page.get_by_label("What happened?")).to_have_value("The line went dead.")
    page.get_by_role("button", name="Send my complaint").click()
    expect(page.get_by_role("heading", name="Thank you.")).to_be_visible()
    assert Complaint.objects.count() == 1
    visitor.complaints.clear()  # the console names the request that was cut


def test_without_a_connection_the_words_stay_and_it_is_said(visit: Visit, house: House) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/complain/london/")
    page.get_by_label("What happened?").fill("In a tunnel.")
    visitor.context.set_offline(True)
    page.get_by_role("button", name="Send my complaint").click()
    expect(page.get_by_text("There is no connection at this moment.")).to_be_visible()
    expect(page.get_by_label("What happened?")).to_have_value("In a tunnel.")
    expect(page.get_by_role("button", name="Send my complaint")).to_be_enabled()
    visitor.context.set_offline(False)
    expect(page.get_by_text("There is no connection at this moment.")).to_be_hidden()


def test_on_a_shared_device_nothing_is_kept(visit: Visit, house: House) -> None:
    page = visit().page
    page.goto("/complain/london/")
    page.get_by_label("Other people use this device").check()
    page.get_by_label("What happened?").fill("Nobody else may read this.")
    page.wait_for_timeout(600)
    assert "Nobody else" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    expect(page.get_by_label("What happened?")).to_have_value("")
    expect(page.get_by_label("Other people use this device")).to_be_checked()


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_form_with_a_brand_and_its_settings_pass_axe(
    visit: Visit, house: House, ada: User, size: dict[str, int], scheme: str, pictures: Path | None
) -> None:
    set_brand(actor=SYSTEM, unit=house.london, accent="#7a1f5c", texts={"en": {"title": "Tell Northlight London"}})
    found = {}
    for name, address, user in (("form", "/complain/london/", None), ("brand", "/settings/forms/london/", ada)):
        page = visit(user, size=size, scheme=scheme).page
        page.goto(address)
        if pictures:
            page.screenshot(path=pictures / f"{name}-{scheme}-{size['width']}.png", full_page=True)
        problems = Axe().run(page, options=RULES).response["violations"]
        found[name] = [f"{one['id']}: {one['nodes'][0]['target']}" for one in problems]
    assert found == {"form": [], "brand": []}
