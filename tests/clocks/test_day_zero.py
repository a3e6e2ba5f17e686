"""Clocks that count from a date in the context instead of the event that started them."""

from datetime import UTC, date, datetime

import pytest

from amends.clocks.engine import StartError, due
from amends.clocks.library import pack_named

RECEIVED = datetime(2026, 3, 2, 9, tzinfo=UTC)


def answer(**context: object) -> list[tuple[str, str]]:
    clocks = due(pack_named("uk-housing"), received=RECEIVED, timezone="Europe/London", country="GB", context=context)
    return [(one.kind, one.local.isoformat()) for one in clocks]


def test_without_the_date_the_clock_does_not_run() -> None:
    for nothing in (None, "", False):
        assert [kind for kind, _ in answer(acknowledged=nothing)] == ["stage1_ack"]


@pytest.mark.parametrize(
    "written",
    ["2026-03-05", "2026-03-05T23:59:00+00:00", "2026-03-05T08:00:00", "2026-03-06T01:00:00+02:00", date(2026, 3, 5)],
)
def test_a_date_or_a_stamp_names_the_day_in_the_zone_of_the_case(written: object) -> None:
    assert answer(acknowledged=written)[1] == ("stage1_response", "2026-03-19T23:59:59+00:00")


@pytest.mark.parametrize("wrong", ["soon", 5, ["2026-03-05"], True, "2026-02-30", {"a": 1}])
def test_what_is_no_date_is_refused_with_its_name(wrong: object) -> None:
    with pytest.raises(StartError, match=r'"acknowledged" in the context is .* no date'):
        answer(acknowledged=wrong)


def test_the_reason_names_the_day_it_counts_from() -> None:
    (clock,) = [
        one
        for one in due(
            pack_named("au-rg271"),
            received=datetime(2026, 6, 4, tzinfo=UTC),
            timezone="Australia/Perth",
            context={"product": "superannuation_death_benefit", "objection_period_end": "2026-07-02"},
        )
        if one.kind == "final_response"
    ]
    assert clock.why.startswith("90 calendar days after the end of the time for objections on Thu 2 Jul 2026")
    assert clock.whys["de"].startswith("90 Kalendertage nach dem Ende der Einspruchsfrist am Do 2. Juli 2026")
