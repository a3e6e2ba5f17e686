"""Deciding with one key each, in a real browser: wide and narrow, light and dark, and with axe looking on."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint
from amends.triage.models import Lane
from amends.triage.public import assess_complaint
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.browser.test_accessibility import violations
from tests.people import House, new_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEXTS = (
    "Lovely teapot, the lid is slightly loose, not a big deal.",
    "Very happy with the shirt, just the label scratches a tiny bit at the neck.",
    "Small thing: your opening hours on the map are a little out of date.",
)


def waiting(house: House) -> list[Complaint]:
    made = [new_complaint(house.london, text=text, subject="", channel="email") for text in TEXTS]
    for one in made:
        assess_complaint(actor=SYSTEM, complaint_id=one.pk)
        assert Lane.objects.get(complaint=one).lane == "to_decide"
    return made


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")])
def test_the_lists_fit_and_pass_axe(
    size: dict[str, int], scheme: str, visit: Visit, house: House, alice: User, pictures: Path | None
) -> None:
    waiting(house)
    page = visit(alice, size=size, scheme=scheme).page
    for name in ("to_decide", "other"):
        page.goto(f"/lanes/{name}/")
        expect(page.locator("h1")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        if pictures is not None:
            pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=pictures / f"lanes-{name}-{size['width']}-{scheme}.png", full_page=True)


def test_each_decision_is_one_key_and_z_takes_it_back(visit: Visit, house: House, alice: User) -> None:
    first, second, _ = waiting(house)
    page = visit(alice).page
    page.goto("/lanes/")
    page.keyboard.press("o")
    expect(page.get_by_text("is decided.")).to_be_visible()
    assert Lane.objects.get(complaint=first).lane == "other"
    page.keyboard.press("z")
    expect(page.locator('[aria-current="true"]').first).to_contain_text("teapot")
    assert Lane.objects.get(complaint=first).lane == "to_decide"
    page.keyboard.press("c")
    expect(page.locator("article").first).to_contain_text("shirt")
    assert Lane.objects.get(complaint=first).lane == "complaint"
    page.keyboard.press("f")
    page.keyboard.type("Sent a new shirt.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article").first).to_contain_text("opening hours")
    row = Lane.objects.get(complaint=second)
    assert (row.lane, row.done, row.by_name) == ("concern", "Sent a new shirt.", alice.name)
