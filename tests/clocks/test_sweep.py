"""The sweep notices every warning and every end exactly once, however many sweep at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM
from amends.audit.public import records_of
from amends.cases.public import Complaint, access_complaint, move
from amends.clocks import jobs
from amends.clocks.events import ClockBreached, ClockWarned
from amends.clocks.models import Clock
from amends.clocks.public import State, Swept, stop, sweep
from amends.clocks.services import sweeping
from amends.core import clock, events

RECEIVED = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Heard:
    """What was said about clocks, in order."""

    def __init__(self) -> None:
        self.said: list[ClockWarned | ClockBreached] = []
        self.fails_for: str | None = None

    def hear(self, event: ClockWarned | ClockBreached) -> None:
        if event.kind == self.fails_for:
            raise RuntimeError("somebody else's reaction failed")
        self.said.append(event)

    def kinds(self) -> list[tuple[str, str]]:
        return [(type(event).__name__, event.kind) for event in self.said]


@pytest.fixture
def heard() -> Iterator[Heard]:
    listener = Heard()
    types: list[type[ClockWarned | ClockBreached]] = [ClockWarned, ClockBreached]
    for event_type in types:
        events.on(event_type)(listener.hear)
    yield listener
    for event_type in types:
        events._handlers[event_type].remove(listener.hear)


def received(house: House, **values: object) -> Complaint:
    with clock.frozen_at(RECEIVED):
        return new_complaint(house.london, **values)


def test_nothing_is_said_before_it_is_time(house: House, heard: Heard) -> None:
    received(house)
    assert sweep(now=RECEIVED + timedelta(minutes=2)) == Swept()
    assert heard.kinds() == []


def test_a_clock_warns_once_and_breaks_once(house: House, heard: Heard) -> None:
    complaint = received(house)
    for seconds in (181, 190, 299, 301, 310, 4000):
        sweep(now=RECEIVED + timedelta(seconds=seconds))
    assert heard.kinds() == [("ClockWarned", "acknowledge"), ("ClockBreached", "acknowledge")]
    one = Clock.objects.get(kind="acknowledge")
    assert one.warned_at == RECEIVED + timedelta(seconds=181)
    assert one.breached_at == RECEIVED + timedelta(seconds=301)
    assert one.alarm_at is None
    kinds = [row.kind for row in records_of(f"complaint:{complaint.pk}")]
    assert kinds.count("clock_warned") == kinds.count("clock_breached") == 1


def test_a_clock_is_kept_up_to_its_last_instant(house: House, heard: Heard) -> None:
    received(house)
    one = Clock.objects.get(kind="acknowledge")
    sweep(now=one.due_at)
    assert heard.kinds() == [("ClockWarned", "acknowledge")]
    assert one.state(one.due_at) is State.WARNED
    assert one.state(one.due_at + timedelta(microseconds=1)) is State.BREACHED


def test_a_sweep_that_comes_very_late_says_only_what_counts(house: House, heard: Heard) -> None:
    received(house)
    assert sweep(now=RECEIVED + timedelta(days=30)) == Swept(breached=2)
    assert heard.kinds() == [("ClockBreached", "acknowledge"), ("ClockBreached", "final_response")]


def test_each_warning_of_a_rule_is_given(house: House, heard: Heard) -> None:
    house.london.rule_packs = ["uk-fca-disp"]
    house.london.save(update_fields=["rule_packs"])
    received(house)
    for day in range(60):
        sweep(now=RECEIVED + timedelta(days=day))
    assert heard.kinds() == [
        ("ClockWarned", "summary_resolution"),
        ("ClockWarned", "final_response"),
        ("ClockWarned", "final_response"),
        ("ClockBreached", "final_response"),
    ]


def test_a_possibility_lapses_without_an_alarm(house: House, heard: Heard) -> None:
    house.london.rule_packs = ["uk-fca-disp"]
    house.london.save(update_fields=["rule_packs"])
    received(house)
    assert sweep(now=RECEIVED + timedelta(days=4)).lapsed == 1
    one = Clock.objects.get(kind="summary_resolution")
    assert (one.state(clock.now()), one.stopped_at, one.breached_at) == (State.LAPSED, one.due_at, None)
    assert heard.kinds() == []


def test_a_stopped_clock_is_silent(house: House, heard: Heard) -> None:
    complaint = received(house)
    with clock.frozen_at(RECEIVED + timedelta(minutes=1)):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="withdraw", reason="It was another shop.")
    assert sweep(now=RECEIVED + timedelta(days=30)) == Swept()


def test_one_reaction_that_fails_does_not_hold_up_the_others(
    house: House, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    received(house)
    heard.fails_for = "acknowledge"
    moment = RECEIVED + timedelta(days=30)
    assert sweep(now=moment) == Swept(breached=1, failed=1)
    assert heard.kinds() == [("ClockBreached", "final_response")]
    failed = Clock.objects.get(kind="acknowledge")
    assert (failed.breached_at, failed.to_announce) == (moment, True)  # noted, and still to be told
    assert "clock_not_swept" in caplog.text
    heard.fails_for = None
    assert sweep(now=moment) == Swept(breached=1)


def test_what_is_done_too_late_before_a_sweep_has_looked_is_no_silent_breach(house: House, heard: Heard) -> None:
    complaint = received(house)
    with clock.frozen_at(RECEIVED + timedelta(minutes=6)):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="withdraw", reason="It was another shop.")
        assert sweep() == Swept()
    assert heard.kinds() == [("ClockBreached", "acknowledge")]
    assert isinstance(heard.said[0], ClockBreached)
    assert heard.said[0].over
    kinds = [row.kind for row in records_of(f"complaint:{complaint.pk}")]
    assert kinds.count("clock_breached") == 1


def test_the_job_says_what_it_did_and_fails_loudly(house: House, heard: Heard) -> None:
    received(house)
    heard.fails_for = "acknowledge"
    with (
        clock.frozen_at(RECEIVED + timedelta(minutes=10)),
        pytest.raises(RuntimeError, match="1 clocks could not be swept"),
    ):
        jobs.sweep(timestamp=0)
    heard.fails_for = None
    with clock.frozen_at(RECEIVED + timedelta(minutes=10)):
        assert jobs.sweep(timestamp=0) == "0 warned, 1 breached, 0 lapsed"


@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_the_same_time_say_everything_once(house: House, heard: Heard) -> None:
    for number in range(12):
        received(house, text=f"Complaint number {number} about the same speaker.")

    def one_worker(_number: int) -> Swept:
        try:
            return sweep(now=RECEIVED + timedelta(minutes=6))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        swept = list(pool.map(one_worker, range(4)))
    assert sum(one.breached for one in swept) == 12
    assert sum(one.failed for one in swept) == 0
    assert heard.kinds() == [("ClockBreached", "acknowledge")] * 12
    assert len({event.clock_id for event in heard.said}) == 12


def noted_but_not_told(house: House, monkeypatch: pytest.MonkeyPatch) -> Complaint:
    """A complaint whose acknowledgement ran out while the worker died between noting it and telling anybody."""
    complaint = received(house)
    with monkeypatch.context() as dying:
        dying.setattr(sweeping, "_tell_breach", lambda _pk, _complaint: False)
        assert sweep(now=RECEIVED + timedelta(minutes=6)) == Swept()
    assert Clock.objects.get(kind="acknowledge").to_announce
    return complaint


def breaches_recorded(complaint: Complaint) -> int:
    return [row.kind for row in records_of(f"complaint:{complaint.pk}")].count("clock_breached")


def test_what_a_worker_noted_before_it_died_is_told_once_by_the_next(
    house: House, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = noted_but_not_told(house, monkeypatch)
    assert heard.kinds() == []
    assert sweep(now=RECEIVED + timedelta(minutes=7)) == Swept(breached=1)
    assert sweep(now=RECEIVED + timedelta(minutes=8)) == Swept()
    assert heard.kinds() == [("ClockBreached", "acknowledge")]
    assert breaches_recorded(complaint) == 1
    assert Clock.objects.get(kind="acknowledge").breached_at == RECEIVED + timedelta(minutes=6)


def test_what_was_done_too_late_after_it_was_noted_is_told_as_over(
    house: House, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = noted_but_not_told(house, monkeypatch)
    with clock.frozen_at(RECEIVED + timedelta(minutes=7)):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="withdraw", reason="It was another shop.")
        assert sweep() == Swept(breached=1)
        assert sweep() == Swept()
    assert [getattr(event, "over", None) for event in heard.said] == [True]
    assert breaches_recorded(complaint) == 1


def test_what_turns_out_to_have_been_done_in_time_is_told_to_nobody(
    house: House, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    complaint = noted_but_not_told(house, monkeypatch)
    with clock.frozen_at(RECEIVED + timedelta(minutes=7)):
        stop(actor=SYSTEM, complaint_id=complaint.pk, event="acknowledged", at=RECEIVED + timedelta(minutes=1))
        assert sweep() == Swept()
    assert heard.kinds() == []
    assert breaches_recorded(complaint) == 0
    one = Clock.objects.get(kind="acknowledge")
    assert (one.breached_at, one.to_announce) == (None, False)


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_holds_delays_no_other(house: House, heard: Heard) -> None:
    held, other = received(house), received(house, text="Another matter altogether.")
    moment = RECEIVED + timedelta(minutes=6)

    def one_worker() -> Swept:
        try:
            return sweep(now=moment)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        access_complaint(SYSTEM, held.pk, lock=True)
        assert pool.submit(one_worker).result(timeout=20) == Swept(breached=1)
    assert [event.complaint_id for event in heard.said] == [other.pk]
    assert sweep(now=moment + timedelta(seconds=2)) == Swept(breached=1)
    assert {event.complaint_id for event in heard.said} == {held.pk, other.pk}


def test_all_ends_are_noted_even_when_there_is_no_time_to_tell_of_them(house: House, heard: Heard) -> None:
    for number in range(3):
        received(house, text=f"Complaint number {number} about the same speaker.")
    swept = sweep(now=RECEIVED + timedelta(minutes=6), seconds=0)
    assert (swept, swept.more) == (Swept(), True)
    assert Clock.objects.filter(kind="acknowledge", breached_at=RECEIVED + timedelta(minutes=6)).count() == 3
    assert heard.kinds() == []
    assert sweep(now=RECEIVED + timedelta(minutes=6)) == Swept(breached=3)
