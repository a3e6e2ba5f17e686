"""The filter `amends due`: JSON lines in, JSON lines out, one sentence for each bad line."""

import argparse
import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.cli import due as command
from amends.clocks.library import packs

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CONTEXT = st.fixed_dictionaries(
    {}, optional={"event": JSON, "extension": JSON, "product": JSON, "mixed_complaint": JSON, "hardship": JSON}
)
LINE = {"id": 1, "pack": "house", "received": "2026-04-01T09:00:00Z", "timezone": "Europe/London", "country": "GB"}


class Streams:
    """Runs the command on bytes and keeps what it said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
        self._monkeypatch = monkeypatch
        self._captured = capfdbinary

    def run(self, given: bytes, *arguments: str) -> tuple[int, list[dict[str, Any]], list[str]]:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        status = command.main(parser.parse_args(arguments))
        out, err = self._captured.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err.decode().splitlines()


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Streams:
    return Streams(monkeypatch, capfdbinary)


def lines(*objects: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def test_each_line_is_answered_with_its_clocks(streams: Streams) -> None:
    status, (answer,), complaints = streams.run(lines({**LINE, "subdivision": "ENG", "context": {}}))
    assert (status, complaints) == (0, [])
    assert answer["id"] == 1
    assert [set(clock) for clock in answer["clocks"]] == [{"kind", "due", "why", "source", "certainty"}] * 2
    assert [(clock["kind"], clock["due"]) for clock in answer["clocks"]] == [
        ("acknowledge", "2026-04-01T10:05:00+01:00"),
        ("final_response", "2026-04-10T23:59:59+01:00"),
    ]


def test_a_stamp_without_an_offset_is_on_the_wall_of_the_case(streams: Streams) -> None:
    _, (answer,), _ = streams.run(lines({**LINE, "received": "2026-04-01T10:00:00"}))
    assert answer["clocks"][0]["due"] == "2026-04-01T10:05:00+01:00"


def test_the_packs_own_place_is_taken_when_the_line_names_none(streams: Streams) -> None:
    _, (answer,), _ = streams.run(lines({"id": "a", "pack": "uk-fca-disp", "received": "2026-12-23T10:00:00+00:00"}))
    assert answer["clocks"][0]["due"] == "2026-12-30T17:00:00+00:00"


def test_an_empty_place_is_one_that_is_not_known(streams: Streams) -> None:
    _, (empty, missing), _ = streams.run(
        lines({**LINE, "timezone": "", "country": "", "subdivision": None}, {**LINE, "timezone": None, "country": None})
    )
    assert empty == missing


@given(st.sampled_from(sorted(packs())), CONTEXT, JSON, JSON)
def test_whatever_a_line_says_it_is_answered_or_refused(
    pack: str, context: dict[str, Any], received: object, country: object
) -> None:
    line = {**LINE, "pack": pack, "received": received or LINE["received"], "country": country, "context": context}
    with contextlib.suppress(command.BadLineError):
        answer = command.answer_line(json.dumps(line).encode(), None, "en")
        assert answer["id"] == 1
        assert all(clock["due"] > "2026-04-01" for clock in answer["clocks"])


def test_the_reason_can_be_asked_for_in_german(streams: Streams) -> None:
    _, (answer,), _ = streams.run(lines(LINE), "--language", "de")
    assert answer["clocks"][0]["why"].startswith("5 Minuten nach dem Eingang am Mi 1. Apr. 2026")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b"nope", "is no JSON"),
        (b"[1]", "is no JSON object"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"[" * 100_000, "is no JSON"),
        (lines({**LINE, "pack": "nothing"}), "there is no rule pack 'nothing'"),
        (lines({**LINE, "pack": ["house"]}), '"pack" is missing'),
        (lines({**LINE, "received": "yesterday"}), "write a stamp such as"),
        (lines({**LINE, "received": 5}), '"received" is missing'),
        (lines({**LINE, "received": "9999-12-31T23:00:00-14:00"}), "outside the years"),
        (lines({**LINE, "timezone": "Mars/Base"}), "there is no time zone 'Mars/Base'"),
        (lines({**LINE, "country": "Freedonia"}), "two-letter code"),
        (lines({**LINE, "subdivision": "BY"}), "is not a part of GB"),
        (lines({**LINE, "context": [1]}), '"context" is no object'),
    ],
)
def test_a_bad_line_gets_one_sentence_and_the_others_are_answered(streams: Streams, bad: bytes, says: str) -> None:
    status, answers, complaints = streams.run(lines(LINE) + bad.rstrip() + b"\n\n" + lines({**LINE, "id": 3}))
    assert status == 2
    assert [answer["id"] for answer in answers] == [1, 3]
    (sentence,) = complaints
    assert sentence.startswith("line 2: ")
    assert says in sentence
    assert len(sentence) < 300


def test_an_id_that_is_no_real_text_comes_back_as_it_went_in(streams: Streams) -> None:
    raw = lines(LINE).replace(b'"id": 1', b'"id": "\\ud800 \\u00e4"')
    status, (answer,), _ = streams.run(raw)
    assert (status, answer["id"]) == (0, "\ud800 ä")


def test_files_are_named_in_the_complaint(streams: Streams, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + lines(LINE) + b"nope\n")
    status, answers, complaints = streams.run(b"", str(tmp_path / "a.jsonl"))
    assert (status, len(answers)) == (2, 1)
    assert complaints[0].startswith(f"{tmp_path}/a.jsonl, line 2: ")


def test_a_missing_file_and_a_missing_folder_are_said_in_one_sentence(streams: Streams, tmp_path: Path) -> None:
    for arguments in ([str(tmp_path / "none")], ["--packs", str(tmp_path / "none")]):
        status, answers, complaints = streams.run(b"", *arguments)
        assert (status, answers, len(complaints)) == (2, [], 1)
        assert str(tmp_path / "none") in complaints[0]


def test_an_own_pack_is_used_from_its_folder(streams: Streams, tmp_path: Path) -> None:
    built_in = (Path(command.__file__).parents[1] / "clocks/packs/house.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(built_in.replace("key: house", "key: mine"))
    status, (answer,), _ = streams.run(lines({**LINE, "pack": "mine"}), "--packs", str(tmp_path))
    assert status == 0
    assert answer["clocks"][0]["why"].endswith("mine 2026-01-01")


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "many.jsonl").write_bytes(lines(*([LINE] * 2000)))
    script = "from amends.cli.main import main; raise SystemExit(main())"
    with subprocess.Popen(
        [sys.executable, "-c", script, "due", str(tmp_path / "many.jsonl")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["id"] == 1
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_the_filter_does_not_load_django() -> None:
    script = "import sys; import amends.cli.due; sys.exit(any(name.split('.')[0] == 'django' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0
