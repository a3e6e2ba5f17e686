"""The main job, end to end, over real parts: SMTP in, mail out to a real relay, worker process, browser."""

from __future__ import annotations

import time

import pytest

from tests.journeys import arriving, ending, hostile, working
from tests.journeys import story as telling
from tests.journeys.system import whole_system

pytestmark = [pytest.mark.processes, pytest.mark.browser]

STEPS = (
    arriving.by_program,
    arriving.by_mail,
    arriving.by_form,
    arriving.by_import,
    arriving.assessed_with_reasons,
    arriving.timed_with_whys,
    arriving.acknowledged_personally,
    working.agent_takes_and_answers,
    working.points_and_questions,
    working.escalation_with_a_packet,
    working.proposal_above_the_limit,
    working.customer_accepts,
    working.steps_are_done,
    working.resolved,
    ending.survey_a_day_later,
    ending.check_in_some_days_later,
    ending.root_cause_and_change,
    ending.closed,
    ending.unhappy_answer_reopens,
    ending.reply_finds_its_case_and_a_stranger_does_not,
    ending.outsider_sees_nothing,
    hostile.refused_at_every_door,
    hostile.harmless_once_stored,
    ending.record_is_proven,
)


def test_a_complaint_travels_from_its_first_word_to_the_proof_of_its_record(chromium: str) -> None:
    telling.apart(lambda: tell(chromium))


def tell(chromium: str) -> None:
    """The whole story; each step is something that a person can see."""
    with whole_system() as system, telling.chromium(chromium) as browser:
        story = telling.Story(system, browser)
        for step in STEPS:
            began = time.monotonic()
            step(story)
            print(f"{time.monotonic() - began:5.1f} s  {step.__name__}: {(step.__doc__ or '').strip()}")
        assert story.complaints_of_pages == []
