"""Playbooks as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from amends.handling.library import OURS, PlaybookError, read_folder, read_playbook
from amends.handling.playbook import REQUIRED_KEYS, STAGES, Condition, choose

PLAYBOOKS = read_folder(OURS)
DEVICE = (OURS / "device.yaml").read_text()


@pytest.mark.parametrize("key", sorted(PLAYBOOKS))
def test_every_playbook_asks_openly_first_and_speaks_both_languages(key: str) -> None:
    playbook = PLAYBOOKS[key]
    assert playbook.questions[0].stage == "open"
    assert set(REQUIRED_KEYS) <= {question.key for question in playbook.questions}
    assert [STAGES.index(question.stage) for question in playbook.questions] == sorted(
        STAGES.index(question.stage) for question in playbook.questions
    )
    for question in playbook.questions:
        assert question.ask.en != question.ask.de
        assert question.ask.en.endswith("?")
        assert question.ask.de.endswith("?")


@pytest.mark.parametrize(
    ("category", "key"),
    [
        ("goods_quality", "device"),
        ("delivery", "delivery"),
        ("billing", "money"),
        ("staff_manner", "people"),
        ("safety", "safety"),
        ("privacy_data", "privacy"),
        ("other", "default"),
        ("", "default"),
    ],
)
def test_the_category_chooses_the_playbook(category: str, key: str) -> None:
    assert choose(list(PLAYBOOKS.values()), {"category": category}).key == key


def test_a_product_line_is_more_specific_than_a_category() -> None:
    own = PLAYBOOKS["default"].model_copy(
        update={
            "key": "speakers",
            "match": PLAYBOOKS["default"].match.model_copy(update={"product_line": ("Speakers",)}),
        }
    )
    fields = {"category": "goods_quality", "product_line": "speakers"}
    assert choose([*PLAYBOOKS.values(), own], fields).key == "speakers"
    assert choose([*PLAYBOOKS.values(), own], {"category": "goods_quality"}).key == "device"


def test_a_branch_opens_with_the_answer_it_depends_on() -> None:
    device = PLAYBOOKS["device"]
    without = {question.key for question in device.asked({}, {})}
    with_battery = {question.key for question in device.asked({"part": "power"}, {})}
    assert with_battery - without == {"version", "charger"}
    assert "danger" in {question.key for question in device.asked({}, {"safety": "true"})}


def test_conditions_look_at_choices_words_or_whether_there_is_an_answer() -> None:
    assert Condition.model_validate({"question": "q", "contains": ["Smoke"]}).holds({"q": "There was smoke."}, {})
    assert Condition.model_validate({"question": "q", "answered": True}).holds({"q": "x"}, {})
    assert not Condition.model_validate({"question": "q", "answered": True}).holds({}, {})
    assert Condition.model_validate({"field": "severity", "is": ["4"]}).holds({}, {"severity": "4"})


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("key: device", "key: device\nextra: 1", "extra"),
        ("  - key: replication\n    stage: replication", "  - key: repeated\n    stage: replication", "replication"),
        ("{question: part, is: [power]}", "{question: later, is: [power]}", "later"),
        ("{question: part, is: [power]}", "{question: part}", "exactly one"),
        ('{field: safety, is: ["true"]}', '{field: mood, is: ["bad"]}', "mood"),
        ("stage: environment", "stage: somewhere", "stage"),
        ('version: "2026-01"', "version: [", "device.yaml"),
    ],
)
def test_a_wrong_file_is_refused_with_file_and_reason(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in DEVICE
    path = tmp_path / "device.yaml"
    path.write_text(DEVICE.replace(old, new))
    with pytest.raises(PlaybookError, match=reason) as caught:
        read_playbook(path)
    assert str(caught.value).startswith("device.yaml")


def test_two_files_with_one_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(DEVICE)
    (tmp_path / "b.yaml").write_text(DEVICE)
    with pytest.raises(PlaybookError, match="already"):
        read_folder(tmp_path)
