"""Working days and minutes over several slots, holidays, closures, time zones and the change to summer time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.clocks.calendar import END_OF_DAY, Calendar, CalendarError, Slot, checked_week
from amends.clocks.public_holidays import UnknownPlaceError, checked_place, holidays_of_year

LONDON = ZoneInfo("Europe/London")
MORNING = Slot(time(9), time(12, 30))
AFTERNOON = Slot(time(13), time(17))
SPLIT_WEEK = checked_week(((AFTERNOON, MORNING),) * 5 + ((),) * 2)
ENGLAND = Calendar(zone=LONDON, week=SPLIT_WEEK, country="GB", subdivision="ENG")


def london(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LONDON)  # type: ignore[arg-type,misc]  # year, month, day, hour, minute


def test_working_minutes_run_through_the_lunch_break() -> None:
    assert ENGLAND.add_working_minutes(london(2026, 3, 2, 12, 0), 60) == london(2026, 3, 2, 13, 30)


def test_working_minutes_stop_in_the_evening_and_over_the_weekend() -> None:
    assert ENGLAND.add_working_minutes(london(2026, 3, 6, 16, 30), 60) == london(2026, 3, 9, 9, 30)


def test_working_minutes_that_end_with_the_slot_end_there() -> None:
    assert ENGLAND.add_working_minutes(london(2026, 3, 6, 16, 0), 60) == london(2026, 3, 6, 17, 0)


def test_a_start_outside_the_slots_counts_from_the_next_slot() -> None:
    assert ENGLAND.add_working_minutes(london(2026, 3, 7, 3, 0), 1) == london(2026, 3, 9, 9, 1)


def test_working_minutes_skip_good_friday_and_easter_monday() -> None:
    assert ENGLAND.add_working_minutes(london(2026, 4, 2, 16, 59), 2) == london(2026, 4, 7, 9, 1)


def test_a_night_slot_is_an_hour_shorter_when_summer_time_begins() -> None:
    around_the_clock = Calendar(zone=LONDON, week=checked_week(((Slot(time(0), END_OF_DAY),),) * 7))
    saturday, monday = london(2026, 3, 28, 0, 0), london(2026, 3, 30, 0, 0)
    assert around_the_clock.working_time_between(saturday, monday) == timedelta(hours=47)
    assert around_the_clock.add_working_minutes(saturday, 47 * 60) == monday


def test_the_end_of_a_day_is_its_last_second_on_the_day_of_the_change_too() -> None:
    assert ENGLAND.end_of_day(date(2026, 3, 28)) == datetime(2026, 3, 28, 23, 59, 59, tzinfo=UTC)
    assert ENGLAND.end_of_day(date(2026, 3, 29)) == datetime(2026, 3, 29, 22, 59, 59, tzinfo=UTC)


def test_a_day_that_ends_twice_ends_the_second_time() -> None:
    santiago = Calendar(zone=ZoneInfo("America/Santiago"), week=SPLIT_WEEK)
    end = santiago.end_of_day(date(2026, 4, 4)).astimezone(santiago.zone)
    assert (end.date(), end.time(), end.fold) == (date(2026, 4, 4), time(23, 59, 59), 1)


def test_the_day_of_a_stamp_is_the_day_of_the_place() -> None:
    assert ENGLAND.local_day(datetime(2026, 6, 30, 23, 15, tzinfo=UTC)) == date(2026, 7, 1)


def test_working_days_can_be_counted_backwards() -> None:
    assert ENGLAND.add_working_days(date(2026, 4, 8), -2) == date(2026, 4, 2)


def test_an_own_closure_is_no_working_day_and_has_a_name() -> None:
    closed = Calendar(zone=LONDON, week=SPLIT_WEEK, closures={date(2026, 3, 3): "Stocktaking"})
    assert closed.add_working_days(date(2026, 3, 2), 1) == date(2026, 3, 4)
    (skipped,) = closed.skipped_between(date(2026, 3, 2), date(2026, 3, 4))
    assert skipped.name == "Stocktaking"


def test_a_holiday_on_a_weekend_is_only_a_weekend() -> None:
    skipped = ENGLAND.skipped_between(date(2026, 12, 24), date(2026, 12, 29))
    assert [(day.day.day, day.name is None) for day in skipped] == [(25, False), (26, True), (27, True), (28, False)]


def test_substitute_days_count_as_holidays() -> None:
    assert not ENGLAND.is_working_day(date(2026, 12, 28))
    assert not Calendar(zone=LONDON, week=SPLIT_WEEK, country="US").is_working_day(date(2021, 12, 31))


def test_a_calendar_without_a_working_day_says_so_instead_of_searching_for_ever() -> None:
    closed = {date(2026, 1, 1) + timedelta(days=number): "Closed" for number in range(600)}
    with pytest.raises(CalendarError, match="no working day within"):
        Calendar(zone=LONDON, week=SPLIT_WEEK, closures=closed).add_working_days(date(2026, 1, 1), 1)


def test_overlapping_slots_are_refused() -> None:
    with pytest.raises(CalendarError, match="overlap"):
        checked_week(((MORNING, Slot(time(12), time(15))),) + ((),) * 6)


@pytest.mark.parametrize(
    ("country", "part", "found"),
    [
        ("GB", "SCT", ("GB", "SCT")),
        ("gb", "gb-sct", ("GB", "SCT")),
        ("UK", None, ("GB", None)),
        ("IE", "D", ("IE", None)),
        (None, "SCT", (None, None)),
        ("", "", (None, None)),
    ],
)
def test_places_are_understood(country: str | None, part: str | None, found: tuple[str | None, str | None]) -> None:
    assert checked_place(country, part) == found


@pytest.mark.parametrize(("country", "part"), [("QQ", None), ("GB", "BY"), ("G\x00", None), ("x" * 10_000, None)])
def test_unknown_places_are_refused_in_one_short_sentence(country: str, part: str | None) -> None:
    with pytest.raises(UnknownPlaceError) as refused:
        checked_place(country, part)
    assert len(str(refused.value)) < 250


def test_holiday_names_follow_the_language_where_the_tables_have_it() -> None:
    assert holidays_of_year("DE", None, 2026, "de")[date(2026, 4, 3)] == "Karfreitag"
    assert holidays_of_year("DE", None, 2026, "en")[date(2026, 4, 3)] == "Good Friday"


ZONES = st.sampled_from(["Europe/London", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive by contract
MINUTES = st.integers(1, 5_000)


@given(ZONES, INSTANTS, MINUTES)
def test_exactly_that_much_working_time_passes(zone: str, start: datetime, minutes: int) -> None:
    calendar = Calendar(zone=ZoneInfo(zone), week=SPLIT_WEEK, country="GB", subdivision="NIR")
    end = calendar.add_working_minutes(start, minutes)
    assert calendar.working_time_between(start, end) == timedelta(minutes=minutes)


@given(ZONES, INSTANTS, MINUTES, MINUTES)
def test_working_minutes_add_up(zone: str, start: datetime, first: int, second: int) -> None:
    calendar = Calendar(zone=ZoneInfo(zone), week=SPLIT_WEEK, country="DE", subdivision="BY")
    in_two_steps = calendar.add_working_minutes(calendar.add_working_minutes(start, first), second)
    assert calendar.add_working_minutes(start, first + second) == in_two_steps


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(1, 60))
def test_counting_back_from_a_working_day_returns_to_the_last_one_before(day: date, count: int) -> None:
    end = ENGLAND.add_working_days(day, count)
    back = ENGLAND.add_working_days(end, -count)
    assert back <= day
    assert ENGLAND.is_working_day(back)
    assert ENGLAND.add_working_days(back, count) == end
