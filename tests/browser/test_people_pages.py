"""The pages about people in a real browser: presence, the desk, the way up and hours; wide and narrow, light and dark, with axe."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from amends.accounts.public import DAYS, SYSTEM, Role, User, change_unit
from amends.cases.public import record_assessment, set_team, take
from amends.clocks.public import add_closure
from amends.core import clock
from amends.routing.desk import set_desk, set_worker
from amends.routing.leaving import say_presence, seen
from amends.routing.models import Worker
from amends.routing.paths import set_path
from tests.browser.conftest import NARROW, WIDE, Visit
from tests.browser.test_accessibility import violations
from tests.people import House, actor, new_complaint, person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = (
    *("/presence/", "/desk/care/", "/desk/care/people/{alice}/", "/routing/paths/", "/routing/paths/london/"),
    *("/units/", "/units/london/hours/", "/callbacks/", "/figures/first-answer/", "/alerts/wishes/", "/stuck/"),
    *("/queue/other/", "/routing/", "/routing/simulation/"),
)
ALWAYS = {day: [["00:00", "24:00"]] for day in DAYS}
"""Somebody is here at whatever hour these tests run."""


@pytest.fixture
def morning(house: House, alice: User, lena: User, bob: User) -> House:
    """A team at work: somebody is here, somebody away, somebody off; a case waits that nobody can do."""
    change_unit(actor=SYSTEM, unit=house.root, hours=ALWAYS)
    set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="free", reason="Nobody should wait for a lead.")
    maria = person("Maria-Magdalena", [(house.london, Role.AGENT)], [house.care], languages=["de", "en"])
    omar = person("Omar", [(house.london, Role.AGENT)], [house.care], languages=["en", "fr"])
    person("Conrad", [(house.london, Role.COMPLIANCE)], [house.care])
    set_worker(
        actor=actor(lena), user_id=maria.pk, reason="She comes from the payments team.", severity_up_to=2, capacity=12,
        skills=["payments", "chargebacks"], product_lines=["Speakers"], regimes=["uk-fca-disp"], timezone="Europe/Berlin",
    )  # fmt: skip
    set_worker(actor=actor(lena), user_id=alice.pk, reason="New in the team.", severity_up_to=3, capacity=8)
    for user in (omar, lena):
        set_worker(actor=SYSTEM, user_id=user.pk, severity_up_to=3)
    for severity, owner in ((3, alice), (2, alice), (2, maria), (4, None), (4, None), (1, None)):
        one = new_complaint(house.london)
        record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en", "severity": severity})
        set_team(actor=SYSTEM, complaint_id=one.pk, team_id=house.care.pk)
        if owner:
            take(actor=actor(owner), complaint_id=one.pk)
    for user in (alice, maria):
        seen(user_id=user.pk)
    say_presence(actor=actor(lena), word="here")
    say_presence(actor=actor(omar), word="off", until=clock.now() + timedelta(days=9))
    set_path(actor=SYSTEM, unit_id=house.root.pk, teams={2: house.specialists.pk})
    today = clock.now().date()
    for unit, name, days in (("northlight", "Stocktaking", 20), ("london", "Shop is painted", 40)):
        first = today + timedelta(days=days)
        add_closure(actor=SYSTEM, unit_key=unit, first=first, last=first + timedelta(days=2), name=name)
    return house


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark"), (NARROW, "light"), (WIDE, "dark")])
def test_the_pages_about_people_fit_and_pass_axe(
    size: dict[str, int], scheme: str, visit: Visit, morning: House, ada: User, alice: User, pictures: Path | None
) -> None:
    page = visit(ada, size=size, scheme=scheme).page
    found = {}
    for path in PAGES:
        page.goto(path.format(alice=alice.pk))
        page.wait_for_timeout(300)
        if pictures:
            name = path.strip("/").replace("/", "-").replace("{alice}", "alice")
            page.screenshot(path=pictures / f"{name}-{size['width']}-{scheme}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        if problems := [*violations(page), *(["wider than the window"] if wide else [])]:
            found[path] = problems
    assert found == {}


def test_a_row_is_changed_in_its_place(
    visit: Visit, morning: House, lena: User, alice: User, pictures: Path | None
) -> None:
    visitor = visit(lena)
    page = visitor.page
    page.goto("/desk/care/")
    page.get_by_role("link", name="Change Alice Example").click()
    row = page.locator(f"#seat-{alice.pk}")
    row.get_by_label("Capacity").fill("3")
    row.get_by_label("Why").fill("She has a course this week.")
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_text("Capacity is 0 for nobody's turn")).to_be_visible()
    visitor.complaints = [
        one for one in visitor.complaints if "Code 422" not in one
    ]  # htmx tells of what was wanted here
    assert violations(page) == []
    if pictures:
        page.screenshot(path=pictures / "desk-mistake.png", full_page=True)
    row.get_by_label("Capacity").fill("10")
    row.get_by_role("button", name="Save").click()
    expect(row.get_by_text("5 of 10")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Saved: what Alice Example can take on.")
    expect(page.locator("#desk-people")).to_contain_text("She has a course this week.")
    assert Worker.objects.get(user=alice).capacity == 10
    page.reload()
    expect(row.get_by_text("5 of 10")).to_be_visible()


def test_the_menu_says_how_one_stands_and_changes_it(
    visit: Visit, morning: House, alice: User, pictures: Path | None
) -> None:
    page = visit(alice).page
    page.goto("/queue/team/")
    expect(page.locator("#presence-mark .presence--here")).to_be_attached()
    page.locator("summary", has_text="Your menu").click()
    page.get_by_role("button", name="Away for an hour").click()
    expect(page.locator("#toasts")).to_contain_text("You are away until")
    expect(page.locator("#presence-mark .presence--away")).to_be_attached()
    assert page.url.endswith("/queue/team/")
    page.locator("summary", has_text="Your menu").click()
    expect(page.get_by_text("away until", exact=False).first).to_be_visible()
    assert violations(page) == []
    if pictures:
        page.screenshot(path=pictures / "menu.png")
    page.get_by_role("link", name="Off shift …").click()
    expect(page.get_by_text("2 cases go back to Customer care.")).to_be_visible()
    page.get_by_role("button", name="Go off shift").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("off shift until")


def test_a_page_that_is_used_says_that_somebody_is_there(visit: Visit, morning: House, alice: User) -> None:
    page = visit(alice).page
    page.clock.install()
    page.goto("/queue/team/")
    expect(page.locator("#presence-mark .presence")).to_be_attached()
    Worker.objects.filter(user=alice).update(last_seen=None)
    page.clock.run_for(301_000)
    assert Worker.objects.get(user=alice).last_seen is None  # an open page alone is nobody
    with page.expect_response("**/presence/beat/"):
        page.mouse.click(600, 400)
    assert Worker.objects.get(user=alice).last_seen is not None
