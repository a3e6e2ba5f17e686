"""The pages of the routing rules in a real browser: wide and narrow, light and dark, and with axe looking on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from amends.accounts.public import SYSTEM, User
from amends.cases.public import record_assessment
from amends.core import clock
from amends.routing.rulesets import activate, save_draft
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.browser.test_accessibility import violations
from tests.people import House, actor, new_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BILLING = {"when": {"categories": ["billing"], "languages": ["de"]}, "to": {"team": "care-de"}, "skill": "payments"}
LONDON = {"when": {"units": ["london"], "words": ["court", "lawyer"]}, "to": {"tier": 2}}
ALL_LONDON = {"when": {"units": ["london"]}, "to": {"team": "specialists"}}
PAGES = ("/routing/?try=1", "/routing/rules/1/", "/routing/simulation/", "/stuck/")


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_pages_of_the_rules_fit_and_pass_axe(
    size: dict[str, int],
    scheme: str,
    visit: Visit,
    house: House,
    ada: User,
    alice: User,
    bob: User,
    pictures: Path | None,
) -> None:
    save_draft(actor=actor(ada), document={"rules": [BILLING]})
    activate(actor=actor(ada), reason="Billing speaks German.")
    with clock.frozen_at(clock.now() - timedelta(days=35)):
        new_complaint(house.london)
    for _ in range(3):
        case = new_complaint(house.london)
        record_assessment(actor=SYSTEM, complaint_id=case.pk, values={"language": "en"})
    save_draft(actor=actor(ada), document={"rules": [BILLING, LONDON, ALL_LONDON]})
    visitor = visit(ada, size=size, scheme=scheme)
    for path in PAGES:
        visitor.page.goto(path)
        wide = visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        if pictures:
            name = path.strip("/").split("?")[0].replace("/", "-")
            visitor.page.screenshot(path=pictures / f"{name}-{size['width']}-{scheme}.png", full_page=True)
        assert not wide, path
        assert violations(visitor.page) == [], path
    assert visitor.complaints == []
