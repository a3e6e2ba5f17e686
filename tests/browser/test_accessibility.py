"""WCAG 2.2 AA as far as a machine can see: axe on every page, in light and dark, wide and narrow."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from amends.accounts.public import User
from amends.cases.public import Complaint, add_note, reply
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.people import actor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Page) -> list[str]:
    """What axe finds, in one line each."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['failureSummary']}" for one in found]


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")])
def test_every_staff_page_passes_axe(
    size: dict[str, int], scheme: str, visit: Visit, lena: User, complaint: Complaint, pictures: Path | None
) -> None:
    add_note(actor=actor(lena), complaint_id=complaint.pk, text="Same serial range as last week.")
    reply(actor=actor(lena), complaint_id=complaint.pk, text="I am sorry. I will ring you today.")
    page = visit(lena, size=size, scheme=scheme).page
    pages = {
        "queue": "/queue/all/",
        "queue-done": "/queue/mine/",
        "queue-filter": "/queue/all/?severity=4",
        "case": f"/cases/{complaint.reference}/",
        "note": f"/cases/{complaint.reference}/?compose=note",
        "nothing": "/cases/",
        "panel": f"/cases/{complaint.reference}/panels/clocks/",
        "search": "/search/?q=speaker",
        "not-found": "/nowhere/",
    }
    found = {}
    for name, address in pages.items():
        page.goto(address)
        page.wait_for_timeout(400)
        if pictures:
            page.screenshot(path=pictures / f"{name}-{scheme}-{size['width']}.png")
        if problems := violations(page):
            found[name] = problems
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_dialogs_and_menus_pass_axe(
    scheme: str, visit: Visit, lena: User, complaint: Complaint, pictures: Path | None
) -> None:
    page = visit(lena, scheme=scheme).page
    found = {}
    for key in ("?", "Control+k", "s", "a", "e", "g"):
        page.goto(f"/cases/{complaint.reference}/")
        page.wait_for_timeout(300)
        page.keyboard.press(key)
        page.wait_for_timeout(300)
        if pictures:
            page.screenshot(path=pictures / f"open-{key.replace('?', 'sheet')}-{scheme}.png")
        if problems := violations(page):
            found[key] = problems
    assert found == {}


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_pages_before_the_sign_in_pass_axe(size: dict[str, int], visit: Visit, pictures: Path | None) -> None:
    page = visit(size=size).page
    found = {}
    for name in ("sign-in", "first-run"):
        page.goto(f"/{name}/")
        if pictures:
            page.screenshot(path=pictures / f"{name}-{size['width']}.png")
        if problems := violations(page):
            found[name] = problems
    assert found == {}
