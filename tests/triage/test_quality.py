"""How well messages are told apart, on messages labelled before the rules had seen them.

Messages 1-170: odd numbers are the tuning half, single mistakes on it were looked at; even numbers were the held-out
half: its first run is honest, but single label errors were looked at late on and three led to changes. Messages 171-290
("later") and 291-324 ("last") were written after a version of the rules, run once for an honest figure
(docs/reference/triage.md has it, and it is lower), and then learnt from. The floors are what is reached now, less one or two
messages: they guard against getting worse, they are no promise. Messages from 325 on ("untouched") were run once after
everything else and not learnt from: never look at single ones of them either. Since the linear model takes part, the sets on
which the word lists had been tuned are a little worse and the untouched one is better: their floors were moved once, both ways.
The oblique messages (oblique.yaml) are of the time of the model.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from amends.triage.assess import assess
from amends.triage.values import PART_JOINER, Assessment

CASES = Path(__file__).parent / "cases.yaml"
OBLIQUE = Path(__file__).parent / "oblique.yaml"
LAST_OF_FIRST_PART = 170
FIRST_OF_LAST_PART = 291
FLAGS = ("safety", "vulnerable", "legal_or_media")
FLOORS = {
    "tuning": {
        "language": 0.98, "label": 0.97, "category": 0.90, "severity": 0.96, "mood": 0.93, "safety": 0.98,
        "vulnerable": 0.98, "legal_or_media": 0.98, "wish": 0.98, "point_recall": 0.97, "point_precision": 0.83,
        "point_aspect": 0.97,
    },
    "held-out": {
        "language": 0.98, "label": 0.92, "category": 0.82, "severity": 0.87, "mood": 0.91, "safety": 0.96,
        "vulnerable": 0.97, "legal_or_media": 0.98, "wish": 0.92, "point_recall": 0.84, "point_precision": 0.72,
        "point_aspect": 0.90,
    },
    "later": {
        "language": 0.98, "label": 0.94, "category": 0.75, "severity": 0.90, "mood": 0.86, "safety": 0.97,
        "vulnerable": 0.97, "legal_or_media": 0.98, "wish": 0.96, "point_recall": 0.81, "point_precision": 0.77,
        "point_aspect": 0.82,
    },
    "last": {
        "language": 0.98, "label": 0.91, "category": 0.60, "severity": 0.85, "mood": 0.88, "safety": 0.97,
        "vulnerable": 0.91, "legal_or_media": 0.98, "wish": 0.94, "point_recall": 0.77, "point_precision": 0.71,
        "point_aspect": 0.66,
    },
    "untouched": {"language": 0.96, "label": 0.80, "category": 0.71},
}  # fmt: skip


@cache
def cases() -> list[dict[str, Any]]:
    return list(yaml.safe_load(CASES.read_text(encoding="utf-8"))["cases"])


def half_of(case: dict[str, Any]) -> str:
    """Which set a message belongs to: the first part has an honest held-out half, the later parts have been looked at."""
    if case.get("brief"):
        return "untouched"
    if case["id"] >= FIRST_OF_LAST_PART:
        return "last"
    if case["id"] > LAST_OF_FIRST_PART:
        return "later"
    return "tuning" if case["id"] % 2 else "held-out"


def mood_of(sentiment: float) -> str:
    if sentiment < -0.2:
        return "negative"
    return "positive" if sentiment > 0.45 else "neutral"


def fields_of(case: dict[str, Any], said: Assessment) -> dict[str, bool]:
    """Which fields are right; a field that the labels do not settle for this message is left out."""
    right = {"language": said.language == case.get("language", "en"), "label": said.label == case["label"]}
    if case.get("language", "en") not in ("en", "de"):
        return right
    if case["label"] != "other":
        right["category"] = said.category == case.get("category", "other")
    if case.get("brief"):
        return right
    right["severity"] = said.severity == case.get("severity", 1)
    right["mood"] = mood_of(said.sentiment) == case.get("mood", "neutral")
    right["wish"] = (said.desired_outcome is not None) == (case.get("wants") is not None)
    return right | {flag: getattr(said, flag) == (flag in case.get("flags", [])) for flag in FLAGS}


def overlaps(labelled: str, found: str) -> bool:
    """Whether half of the shorter one's words are shared."""
    one, other = set(labelled.lower().split()), set(found.lower().split())
    return len(one & other) * 2 >= min(len(one), len(other))


def points_of(case: dict[str, Any], said: Assessment) -> Counter[str]:
    """Count labelled, found and matching points, and matching ones with the right aspect."""
    left = list(said.points)
    counts: Counter[str] = Counter(labelled=len(case.get("points", [])), found=len(left))
    for words, aspect in case.get("points", []):
        match = next((point for point in left if overlaps(words, point.words)), None)
        if match is not None:
            left.remove(match)
            counts["matching"] += 1
            counts["right_aspect"] += match.aspect == aspect
    return counts


def measured(half: str) -> dict[str, float]:
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    points: Counter[str] = Counter()
    for case in cases():
        if half_of(case) != half:
            continue
        said = assess(case["text"])
        for field, correct in fields_of(case, said).items():
            asked[field] += 1
            right[field] += correct
        if case.get("language", "en") in ("en", "de") and not case.get("brief"):
            points += points_of(case, said)
    shares = {field: right[field] / asked[field] for field in asked}
    if not points:
        return shares
    return shares | {
        "point_recall": points["matching"] / points["labelled"],
        "point_precision": points["matching"] / points["found"],
        "point_aspect": points["right_aspect"] / points["matching"],
    }


@pytest.mark.parametrize("half", FLOORS)
def test_every_field_reaches_its_floor(half: str) -> None:
    shares = measured(half)
    below = {field: round(shares[field], 3) for field, floor in FLOORS[half].items() if shares[field] < floor}
    assert not below, f"{half}: {below}"


def test_the_set_is_large_and_covers_every_label_in_both_languages_and_halves() -> None:
    counts = Counter((half_of(case), case.get("language", "en"), case["label"]) for case in cases())
    assert len(cases()) >= 120
    for half in ("tuning", "held-out"):
        for language in ("en", "de"):
            for label in ("complaint", "concern", "other"):
                assert counts[half, language, label] >= 3, (half, language, label)


def test_the_labels_quote_the_messages_exactly() -> None:
    for case in cases():
        for words, _ in case.get("points", []):
            assert all(part in case["text"] for part in words.split(PART_JOINER)), case["id"]
        assert (case.get("wants") or "") in case["text"], case["id"]


def test_points_and_wishes_quote_the_text_exactly_and_only_dissatisfaction_has_points() -> None:
    for case in cases():
        said = assess(case["text"])
        for point in said.points:
            assert all(part in case["text"] for part in point.words.split(PART_JOINER)), case["id"]
        assert said.desired_outcome is None or said.desired_outcome in case["text"]
        if said.label == "other":
            assert said.points == ()
            assert said.desired_outcome is None


def test_oblique_messages_are_told_better_than_by_word_lists_alone() -> None:
    """The word lists alone reached .70, .72 and .40 on the same messages."""
    oblique = yaml.safe_load(OBLIQUE.read_text(encoding="utf-8"))["cases"]
    said = [(case, assess(case["text"])) for case in oblique]
    unhappy = [(case, one) for case, one in said if case["label"] != "other"]
    assert sum(one.label == case["label"] for case, one in said) / len(said) >= 0.76
    assert sum((one.label == "other") == (case["label"] == "other") for case, one in said) / len(said) >= 0.78
    assert sum(one.label != "other" for _, one in unhappy) / len(unhappy) >= 0.90
    assert sum(one.category == case.get("category", "other") for case, one in unhappy) / len(unhappy) >= 0.48
