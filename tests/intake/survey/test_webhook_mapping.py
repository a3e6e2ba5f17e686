"""Mapping files say what somebody else's JSON means, and wrong ones are refused with file, line and reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amends.intake.webhooks import mapping as mappings
from amends.intake.webhooks.paths import PathError, check_path, find

GOOD = """name = "own"
channel = "survey"
version = "1"
source = "us"

[signature]
header = "X-Signature"

[fields]
response_id = "id"
score = "score"
"""
PAYLOAD: dict[str, Any] = {
    "answers": [
        {"type": "text", "text": "late", "field": {"type": "long_text"}},
        {"type": "number", "number": 0, "field": {"type": "opinion_scale"}},
    ],
    "pages": [{"questions": []}, {"questions": [{"answers": [{"text": "deep"}]}]}],
    "a.b": "dotted",
    "yes": True,
    "none": None,
    "list": [1, 2, 3],
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("answers[field.type=opinion_scale].number", "0"),
        ("answers[type=text].text", "late"),
        ("answers[number?].number", "0"),
        ("pages[].questions[].answers[text?].text", "deep"),
        ("list[1]", "2"),
        ("list[-1]", "3"),
        ("list[9]", ""),
        ("yes", "true"),
        ("none", ""),
        ("answers", ""),
        ("answers.number", ""),
        ("nothing.at[0].all", ""),
        ("/a.b", "dotted"),
        ("/answers/1/number", "0"),
        ("/answers/x", ""),
    ],
)
def test_paths(path: str, value: str) -> None:
    assert find(PAYLOAD, check_path(path)) == value


@pytest.mark.parametrize("path", ["", ".", "a..b", "a.", ".a", "a[", "a]b[", "a[b[c]]"])
def test_paths_that_cannot_be_read(path: str) -> None:
    with pytest.raises(PathError):
        check_path(path)


@pytest.mark.parametrize("name", ["typeform", "surveymonkey", "qualtrics", "survey", "telephone", "twilio"])
def test_the_shipped_shapes_can_be_used(name: str) -> None:
    assert mappings.load(name).name == name


@pytest.mark.parametrize(
    ("wrong", "line", "reason"),
    [
        (GOOD.replace('score = "score"', 'score = "sc..ore"'), 11, "is no path"),
        (GOOD.replace('score = "score"', "score = 3"), 11, "score"),
        (GOOD.replace('score = "score"', 'points = "score"'), 11, "points"),
        (GOOD.replace('channel = "survey"', 'channel = "fax"'), 2, "channel"),
        (GOOD.replace('header = "X-Signature"', 'header = "X Signature"'), 7, "header"),
        (GOOD + "[fetch]\nurl = 'ftp://x/'\nids = {}\n", 13, "url"),
        (GOOD + "[values.score\n", 12, "Expected"),
        (GOOD.replace("version", "vision"), 3, "vision"),
        ('{"name": "own",\n "channel": }', 2, "Expecting value"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line_and_the_reason(wrong: str, line: int, reason: str) -> None:
    with pytest.raises(mappings.MappingError) as refusal:
        mappings.read(wrong, name="own.toml")
    assert f"own.toml, line {line}:" in refusal.value.message
    assert reason in refusal.value.message


def test_a_folder_of_own_files_wins_over_the_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "typeform.toml").write_text(GOOD)
    (tmp_path / "mine.json").write_text(
        json.dumps(
            {
                "name": "mine",
                "channel": "survey",
                "version": "1",
                "source": "us",
                "signature": {"header": "X"},
                "fields": {"response_id": "id", "score": ["a", "b"]},
            }
        )
    )
    (tmp_path / "broken.toml").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("AMENDS_WEBHOOKS_DIR", str(tmp_path))
    assert mappings.load("typeform").name == "own"
    assert mappings.load("mine").fields["score"] == ("a", "b")
    with pytest.raises(mappings.MappingError, match=r"broken\.toml, line 1"):
        mappings.load("broken")
    with pytest.raises(mappings.MappingError, match="There is no mapping"):
        mappings.load("../../etc/passwd")


def test_a_missing_needed_value_is_said_with_its_paths() -> None:
    with pytest.raises(mappings.MappingError, match=r"no score at form_response\.answers"):
        mappings.fields_of(mappings.load("typeform"), {"form_response": {"token": "x"}})


@pytest.mark.parametrize("odd", ["../../x", "a/b", "a?b", "", "x" * 200, "{survey}"])
def test_ids_cannot_change_the_address_that_is_asked(odd: str) -> None:
    fetch = mappings.load("surveymonkey").fetch
    assert fetch is not None
    with pytest.raises(mappings.MappingError):
        mappings.fetch_address(fetch, {"resources": {"survey_id": odd}, "object_id": "1"}, host="api.example.org")


def test_words_of_a_path_and_words_of_a_field() -> None:
    twilio = mappings.load("twilio")
    assert mappings.fields_of(twilio, {"CallSid": "1", "CallStatus": "completed"})["event"] == "ended"
    assert mappings.fields_of(twilio, {"CallSid": "1", "RecordingStatus": "completed"})["event"] == "recording"
