"""Clocks as words and shapes, by a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from amends.workspace.badges import RING, ClockState, clock_badge, kind_word, length_words

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


@pytest.mark.parametrize(
    ("due", "stopped", "paused", "state", "words"),
    [
        (hours(49), None, False, ClockState.RUNNING, "answer 2 d"),
        (hours(47.9), None, False, ClockState.RUNNING, "answer 47 h"),
        (hours(4.01), None, False, ClockState.RUNNING, "answer 4 h"),
        (hours(3.99), None, False, ClockState.WARNED, "answer 3 h"),
        (hours(0.5), None, False, ClockState.WARNED, "answer 30 min"),
        (hours(0.01), None, False, ClockState.WARNED, "answer < 1 min"),
        (hours(0), None, False, ClockState.LATE, "answer late < 1 min"),
        (hours(-3.5), None, False, ClockState.LATE, "answer late 3 h"),
        (hours(-72), None, False, ClockState.LATE, "answer late 3 d"),
        (hours(5), hours(-1), False, ClockState.MET, "answer kept"),
        (hours(-5), hours(-3), False, ClockState.MISSED, "answer 2 h too late"),
        (hours(5), None, True, ClockState.PAUSED, "answer paused"),
    ],
)
def test_badge_says_state_and_length(
    due: datetime, stopped: datetime | None, paused: bool, state: ClockState, words: str
) -> None:
    badge = clock_badge(kind="final_response", due=due, now=NOW, started=hours(-100), stopped=stopped, paused=paused)
    assert (badge.state, badge.words) == (state, words)


def test_own_warning_of_a_clock_counts_more_than_the_general_one() -> None:
    assert clock_badge(kind="x", due=hours(100), now=NOW, warn=hours(-1)).state is ClockState.WARNED
    assert clock_badge(kind="x", due=hours(1), now=NOW, warn=hours(0.5)).state is ClockState.RUNNING


def test_ring_fills_with_the_time_that_has_passed() -> None:
    filled = [clock_badge(kind="x", due=hours(8), started=hours(-start), now=NOW).filled for start in (0, 8, 72)]
    assert filled == [0, round(RING / 2, 1), round(RING * 0.9, 1)]


def test_unknown_kinds_are_still_readable_and_known_ones_are_german() -> None:
    assert kind_word("interim_report") == "interim report"
    with translation.override("de"):
        assert kind_word("final_response") == "Antwort"
        assert length_words(timedelta(hours=3)) == "3 Std."
