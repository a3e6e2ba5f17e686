"""Working hours: written by people, read by the desk, inherited from the units above."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as some
from tests.people import House, actor

from amends.accounts.hours import (
    DAYS,
    HoursError,
    check_hours,
    hours_words,
    next_start,
    on_shift,
    read_day,
    written_day,
)
from amends.accounts.public import SYSTEM, Unit, User, change_unit, set_languages, unit_settings
from amends.audit.public import records_of
from amends.core.errors import BadInput, NotAllowed

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu")} | {"fri": [["09:00", "15:00"]]}


@pytest.mark.parametrize(
    ("written", "slots"),
    [
        ("", []),
        (" , ", []),
        ("9-17", [["09:00", "17:00"]]),
        ("09:00–12:00, 13.30—17", [["09:00", "12:00"], ["13:30", "17:00"]]),
        ("13-17; 9-12", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("0-24", [["00:00", "24:00"]]),
    ],
)
def test_a_day_is_read_as_people_write_it(written: str, slots: list[list[str]]) -> None:
    assert read_day("mon", written) == slots


@pytest.mark.parametrize(
    "written",
    ["always", "9", "17-9", "9-12-17", "9-25", "9:60-10", "22-6", "9-12, 11-13", "\x00", "1-2," * 7, "٩-١٧", "-"],
)
def test_hours_that_cannot_be_meant_are_refused_with_the_day(written: str) -> None:
    with translation.override("en"), pytest.raises(HoursError, match=r"^Friday: ") as refused:
        read_day("fri", written)
    assert refused.value.day == "fri"


SLOTS = some.lists(
    some.tuples(some.integers(0, 23), some.integers(1, 24)).filter(lambda pair: pair[0] < pair[1]), max_size=1
)


@given(some.dictionaries(some.sampled_from(DAYS), SLOTS, max_size=7))
def test_what_is_written_reads_back_as_it_was(week: dict[str, list[tuple[int, int]]]) -> None:
    hours = check_hours({day: [[f"{a:02}:00", f"{b:02}:00"] for a, b in slots] for day, slots in week.items()})
    assert {day: found for day in DAYS if (found := read_day(day, written_day(hours.get(day, []))))} == hours


def test_a_week_is_said_in_one_line_with_equal_days_together() -> None:
    with translation.override("en"):
        assert hours_words(OFFICE) == "Mon–Thu 09:00–17:00 · Fri 09:00–15:00"
    with translation.override("de"):
        assert hours_words(OFFICE) == "Mo–Do 09:00–17:00 · Fr 09:00–15:00"
    assert hours_words({}) == ""


def test_the_next_start_is_the_next_morning_of_work() -> None:
    friday_evening = datetime(2026, 3, 27, 18, tzinfo=UTC)
    start = next_start(OFFICE, BERLIN, friday_evening)
    assert start == datetime(2026, 3, 30, 7, tzinfo=UTC)  # summer time began on the Sunday between
    assert on_shift(OFFICE, BERLIN, start)
    assert next_start({}, BERLIN, friday_evening) is None
    at_work = datetime(2026, 3, 25, 10, tzinfo=UTC)
    assert next_start(OFFICE, BERLIN, at_work) == datetime(2026, 3, 26, 8, tzinfo=UTC)


def test_a_unit_inherits_the_hours_of_the_unit_above(house: House) -> None:
    assert unit_settings(house.london.pk).hours == {}
    change_unit(actor=SYSTEM, unit=house.root, hours=OFFICE)
    assert unit_settings(house.london.pk).hours == OFFICE
    change_unit(actor=SYSTEM, unit=house.london, hours={"sat": [["10:00", "16:00"]]})
    assert unit_settings(house.london.pk).hours == {"sat": [["10:00", "16:00"]]}
    assert unit_settings(house.berlin.pk).hours == OFFICE


def test_wrong_hours_of_a_unit_are_refused_and_nothing_changes(house: House) -> None:
    for wrong in ({"mon": [["17:00", "09:00"]]}, [], {"day": []}, {"mon": [["9", "17"]]}):
        with pytest.raises(BadInput) as refused:
            change_unit(actor=SYSTEM, unit=house.london, hours=wrong)
        assert refused.value.field == "hours"
    assert Unit.objects.get(pk=house.london.pk).hours == {}


def test_hours_of_a_unit_go_through_the_api(client: Client, house: House, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    body = json.dumps({"hours": OFFICE})
    changed = client.patch("/api/v1/units/london", body, content_type="application/json", headers=headers)
    assert (changed.status_code, changed.json()["hours"]) == (200, OFFICE)
    wrong = json.dumps({"hours": {"mon": [["17:00", "09:00"]]}})
    refused = client.patch("/api/v1/units/london", wrong, content_type="application/json", headers=headers)
    assert (refused.status_code, refused.json()["field"]) == (422, "hours")


def test_languages_are_two_letters_and_recorded(house: House, alice: User, ada: User) -> None:
    set_languages(actor=actor(ada), user=alice, languages=["DE ", "en", ""])
    assert User.objects.get(pk=alice.pk).languages == ["de", "en"]
    assert "languages_changed" in [one.kind for one in records_of(f"user:{alice.pk}")]
    for wrong in (["deutsch"], ["d"], ["d\x00"], ["aa"] * 2 + [f"{a}{b}" for a in "abcde" for b in "abcde"]):
        with pytest.raises(BadInput):
            set_languages(actor=actor(ada), user=alice, languages=wrong)


def test_only_administrators_change_the_hours_of_a_unit(house: House, lena: User) -> None:
    with pytest.raises(NotAllowed):
        change_unit(actor=actor(lena), unit=house.london, hours=OFFICE)
