"""A pause shifts the end by what it left out, where the rule allows it; most regimes know none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.clocks.engine import Due, calendar_for, due
from amends.clocks.library import pack_named, packs
from amends.clocks.packfile import parse_pack
from amends.clocks.pauses import PauseError
from amends.clocks.rulepack import RulePack

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
PACK = """\
key: ours
version: 2026-02-01
title: {en: Ours, de: Unsere}
regime: Own promise
scope: {en: Everything, de: Alles}
calendar:
  timezone: Europe/London
  slots:
    mon: ["09:00-12:00", "13:00-17:00"]
    tue: ["09:00-12:00", "13:00-17:00"]
    wed: ["09:00-12:00", "13:00-17:00"]
    thu: ["09:00-12:00", "13:00-17:00"]
    fri: ["09:00-12:00", "13:00-17:00"]
clocks:
  - kind: final_response
    title: {en: Answer, de: Antworten}
    duration: DURATION
    end: END
    pauses: [waiting_for_customer]
    source: {document: Our promise, date: 2026-02-01}
    certainty: confirmed
examples:
  - {says: See below., received: 2026-03-02T10:00:00+00:00, timezone: Europe/London, due: {final_response: 2026-03-03}}
"""


def pack_of(duration: str, end: str = "end_of_day") -> RulePack:
    return parse_pack(PACK.replace("DURATION", duration).replace("END", end), "ours.yaml")


def answer(pack: RulePack, **context: object) -> Due:
    (clock,) = due(pack, received=START, timezone="Europe/London", context=context)
    return clock


def paused(since: str, until: str, reason: str = "waiting_for_customer") -> dict[str, str]:
    return {"from": since, "to": until, "reason": reason}


@pytest.mark.parametrize(
    ("duration", "since", "until", "last"),
    [
        ("{working_days: 5}", "2026-03-04", "2026-03-04", date(2026, 3, 9)),
        ("{working_days: 5}", "2026-03-04", "2026-03-06", date(2026, 3, 11)),
        (
            "{working_days: 5}",
            "2026-03-06",
            "2026-03-09",
            date(2026, 3, 10),
        ),  # over a weekend: Friday alone is left out
        ("{working_days: 5}", "2026-03-07", "2026-03-09", date(2026, 3, 9)),  # a weekend leaves nothing out
        ("{calendar_days: 5}", "2026-03-04", "2026-03-06", date(2026, 3, 9)),
        ("{calendar_days: 5}", "2026-02-20", "2026-03-04", date(2026, 3, 8)),  # before the start nothing stood still
        ("{calendar_days: 5}", "2026-03-08", "2026-04-08", date(2026, 3, 7)),  # after the end neither
        ("{weeks: 1}", "2026-03-04T23:00:00Z", "2026-03-05T00:30:00Z", date(2026, 3, 10)),
        ("{months: 1}", "2026-03-10", "2026-03-20", date(2026, 4, 12)),
    ],
)
def test_a_pause_shifts_the_end_by_the_days_it_left_out(duration: str, since: str, until: str, last: date) -> None:
    assert answer(pack_of(duration), pause=paused(since, until)).local.date() == last


def test_several_pauses_add_up_in_their_order() -> None:
    both = [paused("2026-03-09", "2026-03-11"), paused("2026-03-03", "2026-03-05")]
    assert answer(pack_of("{working_days: 5}"), pause=both).local.date() == date(2026, 3, 13)


def test_running_minutes_stand_still_by_the_minute() -> None:
    pause = paused("2026-03-02T10:02:00+00:00", "2026-03-02T11:02:00+00:00")
    assert answer(pack_of("{minutes: 5}", "instant"), pause=pause).due == datetime(2026, 3, 2, 11, 5, tzinfo=UTC)


def test_working_minutes_go_on_in_the_next_slot() -> None:
    pause = paused("2026-03-02T10:30:00+00:00", "2026-03-02T11:50:00+00:00")
    clock = answer(pack_of("{working_minutes: 60}", "instant"), pause=pause)
    assert clock.due == datetime(2026, 3, 2, 13, 20, tzinfo=UTC)


def test_working_minutes_keep_their_seconds_over_a_pause() -> None:
    pause = paused("2026-03-02T10:30:45+00:00", "2026-03-02T11:00:00+00:00")
    clock = answer(pack_of("{working_minutes: 60}", "instant"), pause=pause)
    assert clock.due == datetime(2026, 3, 2, 11, 29, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "end"),
    [
        ("{working_days: 5}", "end_of_day"),
        ("{calendar_days: 5}", "end_of_day"),
        ("{minutes: 3000}", "instant"),
        ("{working_minutes: 900}", "instant"),
    ],
)
def test_a_day_in_two_pauses_is_left_out_once(duration: str, end: str) -> None:
    pack = pack_of(duration, end)
    whole = paused("2026-03-03", "2026-03-06")
    for overlapping in (
        [paused("2026-03-03", "2026-03-05"), paused("2026-03-04", "2026-03-06")],
        [whole, paused("2026-03-04", "2026-03-05")],
        [whole, whole],
    ):
        assert answer(pack, pause=overlapping).due == answer(pack, pause=whole).due


@given(
    begins=st.integers(0, 20_000),
    length=st.integers(0, 20_000),
    seconds=st.integers(0, 59),
    minutes=st.integers(1, 3_000),
    working=st.booleans(),
)
def test_pause_and_resume_is_a_shift_of_running_time(
    begins: int, length: int, seconds: int, minutes: int, working: bool
) -> None:
    """Whatever is paused, exactly the clock's own time lies outside the pause, to the second."""
    pack = pack_of(f"{{{'working_minutes' if working else 'minutes'}: {minutes}}}", "instant")
    calendar = calendar_for(pack, timezone="Europe/London", country=None, subdivision=None)
    since = START + timedelta(minutes=begins, seconds=seconds)
    until = since + timedelta(minutes=length)
    end = answer(pack, pause=paused(since.isoformat(), until.isoformat())).due
    spent = calendar.working_time_between if working else lambda first, last: max(last - first, timedelta())
    counted = spent(START, end) - spent(min(since, end), min(until, end))
    assert counted == timedelta(minutes=minutes)


def test_a_pause_for_another_reason_changes_nothing() -> None:
    rule = pack_of("{working_days: 5}")
    assert answer(rule, pause=paused("2026-03-03", "2026-03-20", "we were busy")).due == answer(rule).due


def test_no_regime_that_comes_with_amends_knows_a_stop_clock() -> None:
    for pack in packs().values():
        for event in {name for rule in pack.clocks for name in rule.start}:
            context = {"event": event, "acknowledged": "2026-03-04", "objection_period_end": "2026-03-04"}
            plain = due(pack, received=START, context=context)
            stopped = due(pack, received=START, context={**context, "pause": paused("2026-03-03", "2026-04-20")})
            assert [one.due for one in plain] == [one.due for one in stopped], pack.key
            assert all("no pause stops this clock" in one.why for one in stopped)


@pytest.mark.parametrize(
    "wrong", ["2026", {"from": "2026-03-02"}, {"from": "soon", "to": "2026-03-02"}, paused("2026-03-05", "2026-03-04")]
)
def test_what_is_no_pause_is_refused(wrong: object) -> None:
    with pytest.raises(PauseError, match="pause"):
        answer(pack_of("{working_days: 5}"), pause=wrong)


@given(begins=st.integers(1, 40), length=st.integers(0, 40), count=st.integers(1, 30), working=st.booleans())
def test_pause_and_resume_is_a_shift(begins: int, length: int, count: int, working: bool) -> None:
    """Whatever is paused, exactly `count` days that were not paused lie between the start and the end."""
    pack = pack_of(f"{{{'working_days' if working else 'calendar_days'}: {count}}}")
    calendar = calendar_for(pack, timezone="Europe/London", country=None, subdivision=None)
    since, until = date(2026, 3, 2) + timedelta(days=begins), date(2026, 3, 2) + timedelta(days=begins + length)
    last = answer(pack, pause=paused(since.isoformat(), until.isoformat())).local.date()
    days = [date(2026, 3, 2) + timedelta(days=number) for number in range(1, (last - date(2026, 3, 2)).days + 1)]
    counted = [day for day in days if not since <= day < until and (not working or calendar.is_working_day(day))]
    assert len(counted) == count
    assert last >= answer(pack).local.date()


def test_the_packs_of_regulators_are_read() -> None:
    assert pack_named("uk-fca-disp").parts == ()
    assert pack_named("uk-fca-payment").parts == ("payment", "other")
