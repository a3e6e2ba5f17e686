"""The demo company's stories are plenty, believable in form, and the same on every run."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from amends.cli.demo_company import model
from amends.cli.demo_company.content import company, stories
from amends.cli.demo_company.reading import phase_after
from amends.cli.demo_company.rendering import Facts, WritingError, fill, marked

NOW = datetime(2026, 5, 20, 14, 30, tzinfo=UTC)
MOMENTS = [
    NOW,
    datetime(2026, 1, 1, 0, 5, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2028, 2, 29, 23, 55, tzinfo=UTC),
]
JOURNEY = (
    model.Acknowledged,
    model.Taken,
    model.Replied,
    model.Answered,
    model.Proposed,
    model.Decided,
    model.StepDone,
    model.Resolved,
    model.SurveyAnswered,
    model.CheckedIn,
    model.Closed,
)


@pytest.fixture(scope="module")
def told() -> list[model.Story]:
    return stories(NOW)


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text) if len(part.strip()) > 45]


def test_there_are_about_three_hundred_over_ninety_days(told: list[model.Story]) -> None:
    ages = [(NOW - story.received_at).days for story in told]
    assert 280 <= len(told) <= 330
    assert max(ages) <= 90
    assert min(ages) == 0


@pytest.mark.parametrize("now", MOMENTS)
def test_every_phase_is_present_at_any_hour(now: datetime) -> None:
    assert {story.phase for story in stories(now)} == set(model.PHASES)


def test_languages_are_about_sixty_to_forty(told: list[model.Story]) -> None:
    english = sum(story.language == "en" for story in told)
    assert 0.55 <= english / len(told) <= 0.65


def test_every_channel_is_used(told: list[model.Story]) -> None:
    counts = Counter(story.channel for story in told)
    assert set(counts) == {"email", "web", "api", "phone", "survey"}
    assert min(counts.values()) >= 10


def test_at_least_sixty_are_written_by_hand_and_fifteen_go_the_whole_way(told: list[model.Story]) -> None:
    written = [story for story in told if story.handwritten]
    whole = [
        story for story in written if all(any(isinstance(event, kind) for event in story.events) for kind in JOURNEY)
    ]
    assert len(written) >= 60
    assert len(whole) >= 15


def test_points_are_exact_substrings_and_every_story_has_one(told: list[model.Story]) -> None:
    for story in told:
        assert story.points, story.key
        for point in story.points:
            assert point.words in story.text, story.key


def test_no_two_stories_share_text_subject_key_or_customer(told: list[model.Story]) -> None:
    for values in (
        [story.text for story in told],
        [story.subject for story in told],
        [story.key for story in told],
        [story.customer.email for story in told],
    ):
        assert len(values) == len(set(values))


def test_no_long_sentence_of_a_complaint_is_seen_often(told: list[model.Story]) -> None:
    seen = Counter(re.sub(r"\d+", "#", sentence) for story in told for sentence in set(sentences(story.text)))
    assert seen.most_common(1)[0][1] <= 6, seen.most_common(3)


def test_the_same_moment_tells_the_same_stories(told: list[model.Story]) -> None:
    assert stories(NOW) == told


def test_another_day_moves_the_dates_and_nothing_else(told: list[model.Story]) -> None:
    later = {story.key: story for story in stories(NOW + timedelta(days=7))}
    assert later.keys() == {story.key for story in told}
    for story in told:
        moved = later[story.key]
        assert moved.subject == story.subject or story.order_number
        shift = moved.received_at - story.received_at
        assert abs(shift - timedelta(days=7)) <= timedelta(hours=1), (
            story.key
        )  # local clock times stay, summer time moves


@pytest.mark.parametrize("now", MOMENTS)
def test_nothing_happens_before_receipt_out_of_order_or_in_the_future(now: datetime) -> None:
    for story in stories(now):
        times = [story.received_at, *(event.at for event in story.events), now]
        assert times == sorted(times), story.key


def test_the_phase_follows_from_the_events(told: list[model.Story]) -> None:
    for story in told:
        assert story.phase in {phase_after(story.events, "registered"), "received"}, story.key


def test_the_new_firmware_of_the_watch_shows_as_a_rise(told: list[model.Story]) -> None:
    days = [
        (NOW - story.received_at).days
        for story in told
        if story.product == "tally-3" and story.points[0].aspect == "goods_quality"
    ]
    recent = sum(day < 21 for day in days) / 3
    before = sum(day >= 21 for day in days) / 10
    assert recent > 6 * before
    assert sum(story.firmware == "4.2.0" for story in told) >= 45


def test_everybody_named_works_there_and_every_step_has_a_doer(told: list[model.Story]) -> None:
    people = {person.key for person in company().people} | {"customer", "system"}
    for story in told:
        company().unit(story.unit)
        company().team(story.team)
        for event in story.events:
            assert event.by in people, (story.key, event)
            if isinstance(event, model.Proposed):
                assert event.remedies, story.key
                assert all(step.who in people for step in event.steps), story.key
            if isinstance(event, model.Escalated):
                company().team(event.team)


def test_steps_that_are_done_were_promised(told: list[model.Story]) -> None:
    for story in told:
        promised, done = 0, set[int]()
        for event in story.events:
            if isinstance(event, model.Proposed):
                promised, done = len(event.steps), set()
            if isinstance(event, model.StepDone):
                assert event.step not in done, story.key
                done.add(event.step)
            if isinstance(event, model.StepDone | model.DelayExplained):
                assert 1 <= event.step <= promised, story.key


def test_promises_are_kept_explained_and_broken(told: list[model.Story]) -> None:
    kept = explained = late = 0
    for story in told:
        steps: tuple[model.Step, ...] = ()
        told_before: set[int] = set()
        for event in story.events:
            if isinstance(event, model.Proposed):
                steps, told_before = event.steps, set()
            elif isinstance(event, model.DelayExplained):
                explained += 1
                told_before.add(event.step)
            elif isinstance(event, model.StepDone) and event.step not in told_before:
                kept += event.at.date() <= steps[event.step - 1].due
                late += event.at.date() > steps[event.step - 1].due
    assert kept > 150
    assert explained >= 8
    assert 3 <= late < kept / 10


def test_some_clocks_run_some_are_close_and_some_have_passed(told: list[model.Story]) -> None:
    fresh = [
        (NOW - story.received_at) / timedelta(minutes=1) for story in told if story.phase in {"received", "registered"}
    ]
    assert any(minutes < 3 for minutes in fresh)
    assert any(3 <= minutes < 5 for minutes in fresh)
    assert any(minutes > 5 for minutes in fresh)
    unanswered = {"acknowledged", "investigating", "proposed"}
    waiting = [(NOW - story.received_at).days for story in told if story.phase in unanswered]
    assert any(5 <= days <= 7 for days in waiting)
    assert any(days > 8 for days in waiting)
    assert sum(days == 0 for days in waiting) >= 8


def test_nobody_real_can_be_reached_by_what_stands_here(told: list[model.Story]) -> None:
    for story in told:
        assert story.customer.email.endswith(".example")
        for address in re.findall(r"\S+@\S+", story.text):
            assert address.endswith(".example"), story.key
    assert all(person.email.endswith(".example") for person in company().people)


def test_customers_of_every_mood_and_length(told: list[model.Story]) -> None:
    lengths = [len(story.text) for story in told]
    assert min(lengths) < 130
    assert max(lengths) > 700
    assert {story.severity for story in told} == {1, 2, 3, 4}
    assert len({story.category for story in told}) >= 9


def test_an_unknown_slot_or_aspect_is_refused_with_its_place() -> None:
    facts = Facts(language="en", received=NOW.date(), currency="GBP", words={})
    with pytest.raises(WritingError, match="unknown slot"):
        fill("Order {nobody}", facts)
    with pytest.raises(WritingError, match="unknown aspect"):
        marked("It [[smell: reeks]].")
    with pytest.raises(WritingError, match="not closed"):
        marked("It [[quality: reeks.")


def test_dates_and_money_are_written_as_the_language_has_it() -> None:
    english = Facts(language="en", received=NOW.date(), currency="GBP", words={})
    german = Facts(language="de", received=NOW.date(), currency="EUR", words={})
    assert fill("{d:+3} {m:9.99}", english) == "23 May £9.99"
    assert fill("{d:-20} {m:9.99}", german) == "30. April 9,99 €"
