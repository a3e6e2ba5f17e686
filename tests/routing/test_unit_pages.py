"""When units work: hours, zone and closed days on one page, for the desk and for the dates of promises."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from tests.people import House, actor

from amends.accounts.public import SYSTEM, Unit, User, change_unit, create_unit
from amends.audit.public import records_of
from amends.clocks.public import Closure, add_closure
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.routing.attendance import attendances
from amends.routing.leaving import seen
from amends.routing.models import DeskChange
from amends.routing.unit_times import set_unit_times, times_of_units

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def form(**values: str) -> dict[str, str]:
    return {**dict.fromkeys(OFFICE, "9-17"), "reason": "New opening hours.", **values}


def test_hours_of_a_unit_are_saved_with_who_and_why_and_hold_for_its_people(
    client: Client, house: House, ada: User, alice: User
) -> None:
    client.force_login(ada)
    saved = client.post("/units/london/hours/", form(timezone="Asia/Tokyo"), follow=True)
    assert "Saved: when London shop works." in saved.text
    assert "New opening hours." in saved.text
    assert "Mon–Fri 09:00–17:00, Asia/Tokyo" in saved.text
    unit = Unit.objects.get(pk=house.london.pk)
    assert (unit.hours, unit.timezone) == (OFFICE, "Asia/Tokyo")
    change = DeskChange.objects.get()
    assert (change.unit_id, change.by_id, [one["field"] for one in change.changes]) == (
        house.london.pk, ada.pk, ["hours", "timezone"],
    )  # fmt: skip
    assert "unit_changed" in [one.kind for one in records_of(f"unit:{unit.pk}")]
    seen(user_id=alice.pk, now=MONDAY)
    assert attendances([alice.pk], MONDAY)[alice.pk].word == "off"  # nine in the evening in Tokyo


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reason": ""}, "Say why"),
        ({"mon": "17-9"}, "Monday: 17:00 is not before 09:00"),
        ({"sun": "at noon"}, "Sunday: write the hours such as"),
        ({"timezone": "Mars/Olympus"}, "not one of the available choices"),
        ({"sat": "\x00"}, "Null characters"),
    ],
)
def test_mistakes_are_said_beside_the_day_and_nothing_is_saved(
    client: Client, house: House, ada: User, values: dict[str, str], said: str
) -> None:
    client.force_login(ada)
    refused = client.post("/units/london/hours/", form(**values))
    assert refused.status_code == 422
    assert said in refused.text
    assert Unit.objects.get(pk=house.london.pk).hours == {}
    assert not DeskChange.objects.exists()


def test_closed_days_are_added_and_taken_back(client: Client, house: House, ada: User) -> None:
    client.force_login(ada)
    first = clock.now().date() + timedelta(days=10)
    given = {"what": "closure", "closure-name": "Stocktaking", "closure-first": first, "closure-last": first}
    page = client.post("/units/northlight/hours/", given, follow=True).text
    assert "Stocktaking" in page
    assert "Closed: Stocktaking" in client.get("/units/").text
    london = client.get("/units/london/hours/").text
    assert "from Northlight" in london
    assert "Take back" not in london
    one = Closure.objects.get()
    assert client.post(f"/units/london/closures/{one.pk}/remove/").status_code == 404
    assert client.post(f"/units/northlight/closures/{2**70}/remove/").status_code == 404
    assert client.post(f"/units/northlight/closures/{one.pk}/remove/").status_code == 302
    assert not Closure.objects.exists()


@pytest.mark.parametrize(
    ("name", "first", "last", "said"),
    [
        ("Stocktaking", "2026-03-05", "2026-03-04", "ends on or after its first day"),
        ("Stocktaking", "2026-03-05", "2028-03-04", "at most a year"),
        ("", "2026-03-05", "2026-03-05", "required"),
        ("Stocktaking", "5 March", "", "valid date"),
        ("\x00", "2026-03-05", "2026-03-05", "Null characters"),
        ("Stocktaking", "9999-12-31", "9999-12-31", "counted"),
    ],
)
def test_closed_days_that_make_no_sense_are_refused_in_words(
    client: Client, house: House, ada: User, name: str, first: str, last: str, said: str
) -> None:
    client.force_login(ada)
    given = {"what": "closure", "closure-name": name, "closure-first": first, "closure-last": last}
    answer = client.post("/units/northlight/hours/", given, follow=True)
    assert said in answer.text
    assert answer.status_code in (200, 422)


def test_the_list_shows_what_is_inherited(client: Client, house: House, ada: User) -> None:
    change_unit(actor=SYSTEM, unit=house.root, hours=OFFICE)
    client.force_login(ada)
    page = client.get("/units/").text
    assert page.count("hours from Northlight") == 2
    assert "Mon–Fri 09:00–17:00, Europe/Berlin" in page


def test_many_units_take_no_more_queries(house: House, ada: User, django_assert_max_num_queries: object) -> None:
    for number in range(20):
        create_unit(actor=SYSTEM, key=f"shop-{number}", name=f"Shop {number}", parent=house.london)
    add_closure(actor=SYSTEM, unit_key="london", first=date(2099, 1, 1), last=date(2099, 1, 2), name="New year")
    who = actor(ada)
    with django_assert_max_num_queries(3):  # type: ignore[operator]  # a fixture of pytest-django
        found = times_of_units(actor=who, now=MONDAY)
    assert sum(1 for one in found if one.closures) == 21


def test_only_administrators_change_them(client: Client, house: House, lena: User, charlie: User, ada: User) -> None:
    for user in (lena, charlie):
        client.force_login(user)
        for path in ("/units/", "/units/london/hours/"):
            assert client.get(path).status_code == 404
    with pytest.raises(NotAllowed):
        set_unit_times(actor=actor(lena), unit_key="london", hours=OFFICE, timezone="", reason="x")
    with pytest.raises(NotFound):
        set_unit_times(actor=actor(ada), unit_key="nowhere", hours=OFFICE, timezone="", reason="x")
    with pytest.raises(BadInput):
        set_unit_times(actor=actor(ada), unit_key="london", hours=OFFICE, timezone="")
    assert Unit.objects.get(pk=house.london.pk).hours == {}


def test_the_pages_speak_german(client: Client, house: House, ada: User) -> None:
    change_unit(actor=SYSTEM, unit=house.root, hours=OFFICE)
    client.force_login(ada)
    assert "Mo–Fr 09:00–17:00" in client.get("/units/?lang=de").text
    page = client.get("/units/london/hours/?lang=de").text
    for words in ("Wann London shop arbeitet", "Donnerstag", "An einigen Tagen schließen", "wie die Einheit darüber"):
        assert words in page
