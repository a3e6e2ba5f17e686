"""What is due when, and the sentence that says why."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.clocks.engine import Due, StartError, _in_force, add_months, due
from amends.clocks.library import pack_named, packs
from amends.clocks.public_holidays import UnknownPlaceError
from amends.clocks.rulepack import RulePack
from amends.clocks.rulewords import Certainty, Condition, Missed
from amends.clocks.zones import UnknownZoneError

HOUSE = pack_named("house")
DISP = pack_named("uk-fca-disp")
MAUNDY_THURSDAY = datetime(2026, 4, 2, 9, tzinfo=UTC)


def of_kind(clocks: list[Due], kind: str) -> Due:
    return next(clock for clock in clocks if clock.kind == kind)


def changed(pack: RulePack, kind: str, **changes: object) -> RulePack:
    """The pack with one clock only, changed and checked again."""
    rule = next(one for one in pack.clocks if one.kind == kind)
    whole = pack.model_dump(exclude_unset=True)
    whole["calendar"]["slots"] = {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]}
    whole["clocks"] = [{**rule.model_dump(exclude_unset=True), **changes}]
    return RulePack.model_validate(whole)


def test_an_answer_in_england_is_five_working_days_after_maundy_thursday() -> None:
    answer = of_kind(
        due(HOUSE, received=MAUNDY_THURSDAY, timezone="Europe/London", country="GB", subdivision="ENG"),
        "final_response",
    )
    assert answer.local.isoformat() == "2026-04-13T23:59:59+01:00"
    assert answer.why == (
        "5 working days after receipt on Thu 2 Apr 2026, without Sat, Sun, Good Friday (3 Apr) "
        "and Easter Monday (6 Apr), calendar GB-ENG, Europe/London; house 2026-01-01"
    )
    assert answer.warn_at == datetime(2026, 4, 10, 22, 59, 59, tzinfo=UTC)
    assert answer.certainty is Certainty.CONFIRMED


def test_the_reason_is_given_in_german_too() -> None:
    answer = of_kind(
        due(HOUSE, received=MAUNDY_THURSDAY, timezone="Europe/Berlin", country="DE", subdivision="BY"), "final_response"
    )
    assert answer.whys["de"] == (
        "5 Arbeitstage nach dem Eingang am Do 2. Apr. 2026, ohne Sa, So, Karfreitag (3. Apr.) "
        "und Ostermontag (6. Apr.), Kalender DE-BY, Europe/Berlin; house 2026-01-01"
    )


def test_an_acknowledgement_is_due_five_minutes_later_at_any_hour() -> None:
    acknowledge = of_kind(due(HOUSE, received=datetime(2026, 3, 1, 23, 58, 30, tzinfo=UTC)), "acknowledge")
    assert acknowledge.due == datetime(2026, 3, 2, 0, 3, 30, tzinfo=UTC)
    assert acknowledge.warn_at == datetime(2026, 3, 2, 0, 1, 30, tzinfo=UTC)
    assert (
        acknowledge.why == "5 minutes after receipt on Sun 1 Mar 2026 at 23:58:30, running time, UTC; house 2026-01-01"
    )


def test_eight_weeks_warn_twice_and_cite_the_rule() -> None:
    final = of_kind(due(DISP, received=MAUNDY_THURSDAY, subdivision="ENG"), "final_response")
    assert final.local.date() == date(2026, 5, 28)
    assert [warning.date() for warning in final.warnings] == [date(2026, 5, 14), date(2026, 5, 25)]
    assert final.source.startswith("FCA Handbook, DISP, 1.6 (2026-06-01), https://")


def test_the_summary_route_lapses_and_the_final_response_breaks() -> None:
    clocks = due(DISP, received=MAUNDY_THURSDAY)
    assert of_kind(clocks, "summary_resolution").missed is Missed.LAPSE
    assert of_kind(clocks, "final_response").missed is Missed.BREACH


def test_the_event_in_the_context_decides_which_clocks_start() -> None:
    (referral,) = due(DISP, received=MAUNDY_THURSDAY, context={"event": "final_response_sent"})
    assert (referral.kind, referral.local.date()) == ("ombudsman_referral", date(2026, 10, 2))
    assert referral.why.startswith("6 months after the final response was sent on Thu 2 Apr 2026")
    assert due(DISP, received=MAUNDY_THURSDAY, context={"event": "became_aware"}) == []


@pytest.mark.parametrize("event", [[], {}, 0, None, "", False])
def test_an_event_that_says_nothing_is_the_receipt(event: object) -> None:
    assert len(due(DISP, received=MAUNDY_THURSDAY, context={"event": event})) == 2


@pytest.mark.parametrize("event", [["received"], {"a": 1}, 7, "x" * 10_000, "\x00"])
def test_an_event_that_no_rule_knows_starts_nothing(event: object) -> None:
    assert due(DISP, received=MAUNDY_THURSDAY, context={"event": event}) == []


def test_the_regimes_calendar_counts_for_a_customer_who_lives_elsewhere() -> None:
    at_home = due(DISP, received=MAUNDY_THURSDAY, country="GB")
    abroad = due(DISP, received=MAUNDY_THURSDAY, country="DE", subdivision="BY")
    assert [clock.due for clock in at_home] == [clock.due for clock in abroad]
    assert "calendar GB," in abroad[0].why


def test_a_rule_counts_only_between_its_days() -> None:
    limited = changed(DISP, "final_response", starts_from=date(2026, 4, 2), starts_until=date(2026, 4, 3))
    kinds = [len(due(limited, received=MAUNDY_THURSDAY + timedelta(days=days))) for days in (-1, 0, 1, 2)]
    assert kinds == [0, 1, 1, 0]


def test_a_condition_chooses_the_clock_by_the_context() -> None:
    rule = changed(
        HOUSE, "final_response", when={"all": {"product": ["payment", "credit"]}, "none": {"extension": True}}
    )

    def clocks(**context: object) -> int:
        return len(due(rule, received=MAUNDY_THURSDAY, context=context))

    assert clocks(product="payment") == clocks(product="credit", extension=False) == 1
    assert clocks() == clocks(product="loan") == clocks(product="payment", extension=True) == 0


def test_a_flag_that_is_missing_is_false() -> None:
    assert Condition(all={"hardship": False}).holds({})
    assert not Condition(all={"hardship": False}).holds({"hardship": True})
    assert Condition(all={"hardship": True}).holds({"hardship": "yes, since May"})


def test_a_clock_in_working_minutes_says_what_it_left_out() -> None:
    rule = changed(HOUSE, "acknowledge", duration={"working_minutes": 660}, warn_before=[])
    (clock,) = due(rule, received=datetime(2026, 3, 2, 15, tzinfo=UTC))
    assert clock.due == datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert "without Wed, Thu, Fri, Sat and Sun" in clock.why


def test_a_warning_never_lies_before_the_start() -> None:
    rule = changed(HOUSE, "acknowledge", warn_before=[{"minutes": 60}, {"minutes": 90}, {"minutes": 1}])
    (clock,) = due(rule, received=MAUNDY_THURSDAY)
    assert clock.warnings == (MAUNDY_THURSDAY, MAUNDY_THURSDAY + timedelta(minutes=4))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 6, 30), 12, date(2027, 6, 30)),
    ],
)
def test_months_end_on_the_corresponding_date_or_with_the_month(start: date, months: int, end: date) -> None:
    assert add_months(start, months) == end


def test_a_start_without_an_offset_is_refused() -> None:
    with pytest.raises(StartError, match="offset"):
        due(HOUSE, received=datetime(2026, 3, 2))  # noqa: DTZ001  # that is what is tested


@pytest.mark.parametrize("received", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_start_outside_of_all_calendars_is_refused(received: datetime) -> None:
    with pytest.raises(StartError, match="outside the years"):
        due(HOUSE, received=received)


@pytest.mark.parametrize("name", ["Europe", "../../etc/passwd", "/etc/passwd", "a\x00b", "x" * 5_000, "Nowhere/Land"])
def test_an_unknown_time_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownZoneError, match="there is no time zone"):
        due(HOUSE, received=MAUNDY_THURSDAY, timezone=name)


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(UnknownPlaceError):
        due(HOUSE, received=MAUNDY_THURSDAY, country="QQ")


PACKS = st.sampled_from(sorted(packs())).map(pack_named)
ZONES = st.sampled_from(
    [
        "Europe/London",
        "Europe/Berlin",
        "America/New_York",
        "America/Santiago",
        "Australia/Lord_Howe",
        "Pacific/Auckland",
    ]
)
PLACES = st.sampled_from([("GB", "ENG"), ("GB", "SCT"), ("DE", "BY"), ("US", None), ("AU", "NSW"), (None, None)])
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive by contract
GAPS = st.timedeltas(timedelta(), timedelta(days=400))
EVENTS = st.sampled_from(["received", "final_response_sent"])
CLOSURES = st.dictionaries(st.dates(date(2020, 1, 1), date(2036, 1, 1)), st.just("Closed"), max_size=30)


@given(PACKS, ZONES, PLACES, INSTANTS, EVENTS)
def test_nothing_is_due_before_it_starts(
    pack: RulePack, zone: str, place: tuple[str | None, str | None], received: datetime, event: str
) -> None:
    for clock in due(
        pack, received=received, timezone=zone, country=place[0], subdivision=place[1], context={"event": event}
    ):
        assert clock.start == received < clock.due
        assert all(received <= warning < clock.due for warning in clock.warnings)
        assert set(clock.whys) == {"en", "de"}
        assert all(why.endswith(pack.label) and zone in why for why in clock.whys.values())


@given(PACKS, ZONES, PLACES, INSTANTS, GAPS)
def test_what_comes_later_is_never_due_earlier(
    pack: RulePack, zone: str, place: tuple[str | None, str | None], received: datetime, gap: timedelta
) -> None:
    first = due(pack, received=received, timezone=zone, country=place[0], subdivision=place[1])
    second = due(pack, received=received + gap, timezone=zone, country=place[0], subdivision=place[1])
    if rules_in_force(pack, received, zone) != rules_in_force(pack, received + gap, zone):
        return  # a new rule may be shorter than the one before it
    for earlier in first:
        later = of_kind(second, earlier.kind)
        assert earlier.due <= later.due


def rules_in_force(pack: RulePack, received: datetime, zone: str) -> list[int]:
    day = received.astimezone(ZoneInfo(zone)).date()
    return [number for number, rule in enumerate(pack.clocks) if _in_force(rule, day)]


@given(PACKS, ZONES, INSTANTS, CLOSURES)
def test_another_holiday_never_shortens_a_clock(
    pack: RulePack, zone: str, received: datetime, closures: dict[date, str]
) -> None:
    plain = due(pack, received=received, timezone=zone)
    with_closures = due(pack, received=received, timezone=zone, closures=closures)
    assert all(one.due <= other.due for one, other in zip(plain, with_closures, strict=True))


@given(PACKS, INSTANTS, st.integers(-14 * 60, 14 * 60))
def test_the_offset_of_the_stamp_changes_nothing(pack: RulePack, received: datetime, offset: int) -> None:
    from datetime import timezone

    same = received.astimezone(timezone(timedelta(minutes=offset)))
    assert due(pack, received=same, timezone="Europe/London") == due(pack, received=received, timezone="Europe/London")
