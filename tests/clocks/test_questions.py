"""Questions to `amends due` whose answers were worked out without Amends: from typed lists of holidays and a calendar.

Each line of questions.jsonl has a sentence, the question, and the local date (or the instant) of every clock that starts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amends.cli.due import answer_line
from amends.clocks.library import packs

LINES = (Path(__file__).parent / "questions.jsonl").read_text(encoding="utf-8").splitlines()
QUESTIONS = [json.loads(line) for line in LINES]


@pytest.mark.parametrize(
    "question", [pytest.param(one, id=f"{one['ask']['pack']}: {one['says']}") for one in QUESTIONS]
)
def test_the_answer_is_the_one_worked_out_by_hand(question: dict[str, Any]) -> None:
    answer = answer_line(json.dumps(question["ask"]).encode(), None, "en")
    found = {"/".join(filter(None, (one["kind"], one.get("part")))): one["due"] for one in answer["clocks"]}
    expected = {
        name: found[name] if name in found and found[name].startswith(day) else day
        for name, day in question["due"].items()
    }
    assert found == expected


def test_the_questions_ask_about_every_regime_in_many_zones_and_countries() -> None:
    asked = [one["ask"] for one in QUESTIONS]
    assert {one["pack"] for one in asked} == set(packs())
    assert len({one["timezone"] for one in asked}) >= 15
    assert len({one.get("country") for one in asked}) >= 10


@pytest.mark.parametrize("pause", [{"from": "2026-03-02", "to": None, "reason": "waiting"}, "two weeks", True, ["x"]])
def test_a_regime_without_a_stop_clock_answers_whatever_is_said_of_a_pause(pause: object) -> None:
    ask = {"pack": "ca-fcac", "received": "2026-03-02T09:00:00-05:00", "context": {"pause": pause}}
    (final,) = answer_line(json.dumps(ask).encode(), None, "en")["clocks"]
    assert final["due"][:10] == "2026-04-27"
    assert "no pause stops this clock" in final["why"]
