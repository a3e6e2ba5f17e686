"""The pictures of the documentation, made of the running thing with the demo company in it.

They take a minute and a half, so they are made only when asked for: AMENDS_PICTURES=docs/images pytest tests/browser/test_pictures.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.core import clock
from tests.browser.conftest import Site, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZE = {"width": 1280, "height": 800}


def test_demo_company_looks_like_a_real_morning(site: Site, visit: Visit, pictures: Path | None) -> None:
    if pictures is None:
        pytest.skip("the pictures are made only when AMENDS_PICTURES names a folder for them")
    command = [str(Path(sys.executable).parent / "amends"), "demo"]
    told = subprocess.run(command, env=site.environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    pictures.mkdir(parents=True, exist_ok=True)
    lead = User.objects.get(email="helen@tarnbrook.example")
    page = visit(lead, size=SIZE).page
    page.goto("/queue/team/")
    expect(page.locator("[data-row]").nth(12)).to_be_visible()
    page.screenshot(path=pictures / "queue.png")
    worked_on = Complaint.objects.filter(phase="investigating", language="en", messages__direction="internal")
    best = worked_on.filter(next_due_at__gt=clock.now()).order_by("-severity", "-received_at")[0]
    page.goto(f"/cases/{best.reference}/?view=team")
    expect(page.locator("#panel-proposal")).to_contain_text("Proposal")
    page.wait_for_timeout(500)
    page.screenshot(path=pictures / "case.png")
    page = visit(lead, size=SIZE, scheme="dark").page
    page.goto(f"/cases/{best.reference}/?view=team")
    expect(page.locator("#panel-proposal")).to_contain_text("Proposal")
    page.wait_for_timeout(500)
    page.screenshot(path=pictures / "case-dark.png")
