"""The pages of the rule packs in a real browser: at both widths, in both languages, without a complaint of the console."""

from __future__ import annotations

from pathlib import Path

import pytest

from amends.accounts.public import User
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.people import House

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_packs_are_read_and_dates_are_worked_out(
    visit: Visit, house: House, alice: User, pictures: Path | None, size: dict[str, int]
) -> None:
    width = size["width"]
    page = visit(alice, size=size).page
    page.goto("/clocks/packs/")
    assert page.get_by_role("heading", name="By which rules the deadlines count").is_visible()
    if pictures:
        page.screenshot(path=str(pictures / f"packs-{width}.png"), full_page=True)
    page.get_by_role("link", name="FCA complaints rules (DISP)", exact=True).click()
    page.get_by_label("When it happened, there").fill("2026-04-01T23:30")
    page.get_by_label("Part of the country").fill("SCT")
    page.get_by_role("button", name="Work it out").click()
    answers = page.get_by_role("status").filter(has_text="Why this moment?")
    assert "Tue 7 Apr 2026, 17:00:00" in " ".join(answers.inner_text().split())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if pictures:
        page.screenshot(path=str(pictures / f"pack-{width}.png"), full_page=True)
        page.set_extra_http_headers({"Accept-Language": "de"})
        page.goto("/clocks/packs/uk-housing/?received=2026-03-02T09:00&event=received&timezone=Mars&country=GB")
        page.screenshot(path=str(pictures / f"pack-de-{width}.png"), full_page=True)
