"""The pages and panels of escalation in a real browser: wide and narrow, light and dark, and with axe looking on."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from amends.accounts.public import User
from amends.cases.public import Complaint, add_point, create_list, set_list_members
from amends.core import clock
from amends.handling.public import note_try
from amends.intake.events import CallMissed
from amends.routing import callbacks
from amends.routing.callback_models import CallBack
from amends.routing.leadership import prepare_letter
from amends.routing.missed_calls import plan_for_missed
from amends.routing.special_lists import put_on_list
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.browser.test_accessibility import violations
from tests.people import actor, new_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PANELS = ("tries", "leadership", "callback", "special")


def busy_case(complaint: Complaint, ada: User, alice: User, lena: User, dora: User) -> None:
    """A case with something in every panel, and a call that a stranger is owed."""
    add_point(actor=actor(alice), complaint_id=complaint.pk, words="I have waited nine days")
    for what in ("Restarted it", "Installed the update again over a cable, from the laptop"):
        note_try(actor=actor(alice), complaint_id=complaint.pk, what=what, helped=False)
    callbacks.plan_call_back(
        actor=actor(alice), complaint_id=complaint.pk, earliest=time(17), latest=time(19), due_at=clock.now()
    )
    plan_for_missed(
        CallMissed(
            call_id=7, unit_id=complaint.unit_id, number="+442079460555", tail="079460555", at=clock.now(),
            complaint_id=None, best_time="after five, never on Fridays",
        )
    )  # fmt: skip
    CallBack.objects.update(due_at=clock.now())
    made = create_list(actor=actor(ada), key="vip", name="Important customers of the region", kind="important")
    set_list_members(actor=actor(ada), list_id=made.pk, user_ids=[alice.pk, lena.pk, dora.pk])
    put_on_list(
        actor=actor(alice), complaint_id=complaint.pk, key="vip", reason="Buys for forty shops.", customer_too=True
    )
    prepare_letter(
        actor=actor(alice), complaint_id=complaint.pk, leader_id=dora.pk, own_words="I have spoken to the workshop."
    )


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_pages_and_panels_of_escalation_fit_and_pass_axe(
    size: dict[str, int],
    scheme: str,
    visit: Visit,
    complaint: Complaint,
    ada: User,
    alice: User,
    lena: User,
    dora: User,
    pictures: Path | None,
) -> None:
    busy_case(complaint, ada, alice, lena, dora)
    new_complaint(complaint.unit)
    looks = (
        (ada, ("/escalation/?try=1", "/lists/", "/lists/vip/")),
        (dora, ("/callbacks/", "/lists/vip/")),
    )
    for who, paths in looks:
        visitor = visit(who, size=size, scheme=scheme)
        for path in paths:
            visitor.page.goto(path)
            visitor.page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
            wide = visitor.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            if pictures:
                name = path.strip("/").split("?")[0].replace("/", "-")
                visitor.page.screenshot(
                    path=pictures / f"{name}-{who.name.split()[0]}-{size['width']}-{scheme}.png", full_page=True
                )
            assert not wide, path
            assert violations(visitor.page) == [], path
        assert visitor.complaints == []
    visitor = visit(dora, size=size, scheme=scheme)
    visitor.page.goto(f"/cases/{complaint.reference}/")
    for key in PANELS:
        panel = visitor.page.locator(f"#panel-{key}")
        panel.scroll_into_view_if_needed()
        panel.locator("h2").wait_for()
        panel.evaluate("panel => { for (const one of panel.querySelectorAll('details')) one.open = true }")
        if pictures:
            panel.screenshot(path=pictures / f"panel-{key}-{size['width']}-{scheme}.png")
        assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth"), key
    assert violations(visitor.page) == []
    assert visitor.complaints == []


def test_a_director_signs_the_letter_and_it_is_on_its_way(
    visit: Visit, complaint: Complaint, ada: User, alice: User, lena: User, dora: User
) -> None:
    busy_case(complaint, ada, alice, lena, dora)
    page = visit(dora).page
    page.goto(f"/cases/{complaint.reference}/")
    page.get_by_role("button", name="Sign and send it").click()
    page.get_by_text("approved by Dora Example").wait_for()
    assert page.get_by_role("button", name="Sign and send it").count() == 0
