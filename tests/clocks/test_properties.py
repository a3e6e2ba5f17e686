"""What holds for every calendar with any slots, every span and every start, over leap days and changes to summer time."""

from __future__ import annotations

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from amends.clocks.engine import Due, add_months, due
from amends.clocks.rulepack import RulePack

ZONES = st.sampled_from(
    ["Europe/London", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]
)
INSTANTS = st.datetimes(datetime(2019, 1, 1), datetime(2033, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive by contract
GAPS = st.timedeltas(timedelta(), timedelta(days=40))
DAYS = st.dates(date(2019, 1, 1), date(2033, 1, 1))
CLOSURES = st.dictionaries(DAYS, st.just("Closed"), max_size=40)
COUNTRIES = st.sampled_from(["GB", "DE", "US", "AU", None])


@st.composite
def slots_of_a_day(draw: st.DrawFn) -> list[str]:
    """Up to three slots of at least a quarter of an hour; the last may end at midnight."""
    edges = sorted(draw(st.sets(st.integers(0, 96), min_size=0, max_size=6)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [f"{wall(opens)}-{wall(closes)}" for opens, closes in pairs]


def wall(quarters: int) -> str:
    return f"{quarters // 4:02}:{quarters % 4 * 15:02}"


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[str]]:
    """Slots for every day; at least one day has some."""
    week = {day: draw(slots_of_a_day()) for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    if not any(week.values()):
        week["tue"] = ["09:00-12:00", "13:00-17:00"]
    return week


@st.composite
def packs_of_any_kind(draw: st.DrawFn) -> RulePack:
    unit, most = draw(
        st.sampled_from(
            [
                ("minutes", 5_000),
                ("working_minutes", 5_000),
                ("working_days", 40),
                ("calendar_days", 400),
                ("weeks", 60),
                ("months", 30),
            ]
        )
    )
    runs = unit in ("minutes", "working_minutes")
    end = "instant" if runs else draw(st.sampled_from(["end_of_day", "close_of_business"]))
    return pack_with(draw(weeks()), {unit: draw(st.integers(1, most))}, end)


def pack_with(week: dict[str, list[str]], duration: dict[str, int], end: str) -> RulePack:
    both = {"en": "Answer", "de": "Antworten"}
    clock: dict[str, Any] = {
        "kind": "final_response",
        "title": both,
        "duration": duration,
        "end": end,
        "warn_at": [50, 90],
        "source": {"document": "Our promise", "date": 2026},
        "certainty": "confirmed",
    }
    example = {"says": "-", "received": "2026-03-02T10:00:00Z", "timezone": "UTC", "due": {}}
    return RulePack.model_validate(
        {
            "key": "ours",
            "version": "2026-02-01",
            "title": both,
            "regime": "Own promise",
            "scope": both,
            "calendar": {"timezone": "UTC", "slots": week},
            "clocks": [clock],
            "examples": [example],
        }
    )


def answer(pack: RulePack, received: datetime, zone: str, country: str | None, **more: Any) -> Due:
    (clock,) = due(pack, received=received, timezone=zone, country=country, **more)
    return clock


@given(packs_of_any_kind(), INSTANTS, ZONES, COUNTRIES)
def test_due_lies_after_the_start_and_warnings_between(
    pack: RulePack, received: datetime, zone: str, country: str | None
) -> None:
    clock = answer(pack, received, zone, country)
    assert received < clock.due
    assert all(received <= warning < clock.due for warning in clock.warnings)
    assert list(clock.warnings) == sorted(clock.warnings)


@given(packs_of_any_kind(), INSTANTS, GAPS, ZONES, COUNTRIES)
def test_a_later_start_is_never_due_earlier(
    pack: RulePack, received: datetime, gap: timedelta, zone: str, country: str | None
) -> None:
    assert answer(pack, received, zone, country).due <= answer(pack, received + gap, zone, country).due


@given(packs_of_any_kind(), INSTANTS, ZONES, COUNTRIES, CLOSURES, DAYS)
def test_one_closed_day_more_never_shortens_a_clock(
    pack: RulePack, received: datetime, zone: str, country: str | None, closures: dict[date, str], more: date
) -> None:
    before = answer(pack, received, zone, country, closures=closures).due
    after = answer(pack, received, zone, country, closures={**closures, more: "Closed too"}).due
    assert before <= after


@given(weeks(), st.integers(1, 5_000), INSTANTS, ZONES, CLOSURES)
def test_working_minutes_end_inside_a_slot_of_an_open_day(
    week: dict[str, list[str]], minutes: int, received: datetime, zone: str, closures: dict[date, str]
) -> None:
    clock = answer(pack_with(week, {"working_minutes": minutes}, "instant"), received, zone, None, closures=closures)
    # The end of a slot belongs to it, and so does the second before it: look at the moment just before the end.
    last = (clock.due - timedelta(microseconds=1)).astimezone(clock.local.tzinfo)
    slots = week[("mon", "tue", "wed", "thu", "fri", "sat", "sun")[last.weekday()]]
    assert last.date() not in closures
    assert any(inside(slot, last) for slot in slots), (slots, last)


def inside(slot: str, moment: datetime) -> bool:
    opens, closes = slot.split("-")
    begins = time.fromisoformat(opens)
    ends = time.max if closes == "24:00" else time.fromisoformat(closes)
    # In the night of the change to summer time a slot may begin or end in the hour that is left out.
    lenient = timedelta(hours=1) if moment.utcoffset() != (moment - timedelta(hours=3)).utcoffset() else timedelta()
    at = datetime.combine(moment.date(), moment.time())
    return (
        datetime.combine(moment.date(), begins) - lenient
        <= at
        <= min(datetime.combine(moment.date(), ends) + lenient, datetime.combine(moment.date(), time.max))
    )


@given(weeks(), st.integers(1, 40), INSTANTS, ZONES)
def test_the_first_and_second_half_of_working_days_make_the_whole(
    week: dict[str, list[str]], count: int, received: datetime, zone: str
) -> None:
    first = answer(pack_with(week, {"working_days": count}, "end_of_day"), received, zone, None)
    rest = answer(pack_with(week, {"working_days": count}, "end_of_day"), first.due, zone, None)
    whole = answer(pack_with(week, {"working_days": 2 * count}, "end_of_day"), received, zone, None)
    assert rest.due == whole.due


@given(DAYS, st.integers(1, 120))
def test_months_keep_the_day_or_end_with_the_month(start: date, months: int) -> None:
    end = add_months(start, months)
    assert (end.year * 12 + end.month) - (start.year * 12 + start.month) == months
    assert end.day == start.day or (end.day < start.day and (end + timedelta(days=1)).day == 1)


@given(st.integers(1972, 2140).filter(isleap), st.integers(1, 60), ZONES)
def test_the_leap_day_counts_as_a_day(year: int, count: int, zone: str) -> None:
    week = {"mon": ["09:00-17:00"]}
    pack = pack_with(week, {"calendar_days": count}, "end_of_day")
    received = datetime(year, 2, 28, 12, tzinfo=UTC)
    clock = answer(pack, received, zone, None)
    expected = [date(year, 2, 29), *(date(year, 3, 1) + timedelta(days=number) for number in range(60))][count - 1]
    assert clock.local.date() == expected
