"""A battery of broken rule packs: each is refused with file, line and reason, quickly, and never with anything else."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from amends.clocks.library import packs
from amends.clocks.packfile import LARGEST_FILE, RulePackError, parse_pack

GOOD = """\
key: ours
version: 2026-02-01
title: {en: Ours, de: Unsere}
regime: Own promise
scope: {en: Everything, de: Alles}
calendar:
  timezone: Europe/Oslo
  countries: [NO]
  slots:
    mon: ["09:00-12:00", "13:00-17:00"]
  closures:
    - {first: 2026-12-24, last: 2026-12-31, name: Works holidays}
letters:
  - letter: final_response
    when: {en: soon, de: bald}
    source: {document: Our promise, date: 2026}
    certainty: confirmed
clocks:
  - kind: final_response
    title: {en: Answer, de: Antworten}
    duration: {working_days: 2}
    end: end_of_day
    warn_at: [75]
    when: {none: {imported: true}}
    stops: [resolved]
    source: {document: Our promise, date: 2026-02-01}
    certainty: confirmed
examples:
  - says: Only Mondays count.
    received: 2026-03-02T10:00:00+01:00
    timezone: Europe/Oslo
    due: {final_response: 2026-03-16}
"""

BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))

BATTERY: list[tuple[str, str, int, str]] = [
    # what it says, what is put in its place, the line, a word of the reason
    ("regime: Own promise", "regime: 'Own promise", 4, "quoted scalar"),
    ("regime: Own promise", "regime: {a: b", 5, "expected"),
    ("regime: Own promise", "\tregime: Own promise", 4, "token"),
    ("regime: Own promise", "regime: @promise", 4, "token"),
    ("regime: Own promise", "regime: *nobody", 4, "undefined alias"),
    ("regime: Own promise", "regime: &me [*me]", 4, "contains itself"),
    ("regime: Own promise", "<<: {regime: Own promise}", 4, "one word"),
    ("regime: Own promise", "? [regime]\n: Own promise", 4, "one word"),
    ("regime: Own promise", "? {a: b}\n: Own promise", 4, "one word"),
    ("regime: Own promise", "regime: !!python/name:os.system", 4, "could not determine a constructor"),
    ("regime: Own promise", "regime: ''", 4, "at least 1 character"),
    ("regime: Own promise", "regime: [Own, promise]", 4, "valid string"),
    ("regime: Own promise", "regime: 5", 4, "valid string"),
    ("regime: Own promise", "regime: " + "x" * 501, 4, "at most 500"),
    ("regime: Own promise", "regime: Own promise\nregimes: Two", 5, "not permitted"),
    ("regime: Own promise", "regime: Own promise\n1: one", 5, "strings"),
    ("regime: Own promise", "regime: Own promise\nregime: again", 5, "stands twice"),
    ("regime: Own promise", "regime: Own promise\n---\nkey: two", 5, "another document"),
    ("key: ours", "key: Ours", 1, "pattern"),
    ("key: ours", "key: ../ours", 1, "pattern"),
    ("version: 2026-02-01", "version: 2026-02-30", 2, "day"),
    ("version: 2026-02-01", "version: latest", 2, "date"),
    ("version: 2026-02-01", f"version: {'9' * 5000}", 2, "digits"),
    ("title: {en: Ours, de: Unsere}", "title: {en: Ours}", 3, "title.de"),
    ("title: {en: Ours, de: Unsere}", "title: Ours", 3, "title"),
    ("timezone: Europe/Oslo\n  countries", "timezone: Mars/Phobos\n  countries", 7, "Mars/Phobos"),
    ("timezone: Europe/Oslo\n  countries", "timezone: 1\n  countries", 7, "string"),
    ("countries: [NO]", "countries: [Norway]", 8, "pattern"),
    ("countries: [NO]", "countries: [ZZ]", 6, "no public holidays for country"),
    ("countries: [NO]", "countries: NO", 8, "tuple"),
    ("countries: [NO]", "countries: [GB]\n  parts: QQ", 6, "'QQ' is not a part of GB"),
    ("mon: [", "monday: [", 10, "'mon'"),
    ('"13:00-17:00"', '"17:00-13:00"', 10, "end after it starts"),
    ('"13:00-17:00"', '"11:00-17:00"', 6, "overlap"),
    ('"13:00-17:00"', '"13:00-25:00"', 10, "no slot"),
    ('"13:00-17:00"', "13", 10, "slots"),
    ("last: 2026-12-31", "last: 2026-12-23", 12, "ends on or after"),
    ("last: 2026-12-31", "last: 2029-12-31", 12, "at most a year"),
    ("last: 2026-12-31", "until: 2026-12-31", 12, "last"),
    ("letter: final_response", "letter: Final Response", 14, "pattern"),
    ("source: {document: Our promise, date: 2026}", "source: {document: Our promise, date: soon}", 16, "pattern"),
    ("{working_days: 2}", "{working_days: -2}", 21, "greater than or equal to 1"),
    ("{working_days: 2}", "{working_days: 0}", 21, "greater than or equal to 1"),
    ("{working_days: 2}", "{working_days: two}", 21, "integer"),
    ("{working_days: 2}", "{working_days: 2.5}", 21, "integer"),
    ("{working_days: 2}", "{working_days: 1e9}", 21, "integer"),
    ("{working_days: 2}", "{working_days: 100000}", 21, "less than or equal to 1000"),
    ("{working_days: 2}", "{fortnights: 1}", 21, "not permitted"),
    ("{working_days: 2}", "{}", 21, "exactly one"),
    ("{working_days: 2}", "2", 21, "Duration"),
    ("warn_at: [75]", "warn_at: [100]", 23, "less than or equal to 99"),
    ("warn_at: [75]", "warm_at: [75]", 23, "not permitted"),
    ("when: {none: {imported: true}}", "when: {some: {imported: true}}", 24, "not permitted"),
    ("when: {none: {imported: true}}", "when: {none: {imported: {a: b}}}", 24, "imported"),
    ("stops: [resolved]", "stops: [Resolved!]", 25, "pattern"),
    ("certainty: confirmed\nexamples", "certainty: probably\nexamples", 27, "confirmed"),
    ("received: 2026-03-02T10:00:00+01:00", "received: yesterday", 30, "datetime"),
    ("    due: {final_response: 2026-03-16}\n", "", 29, "examples.0.due"),
    ("due: {final_response: 2026-03-16}", "due: {final_response: never}", 32, "examples.0.due.final_response"),
]


def refused(text: str) -> RulePackError:
    began = time.monotonic()
    with pytest.raises(RulePackError) as found:
        parse_pack(text, "own/ours.yaml")
    assert time.monotonic() - began < 5
    said = str(found.value)
    assert "\n" not in said
    assert len(said) < 600
    return found.value


def test_the_pack_that_is_broken_below_is_good() -> None:
    assert parse_pack(GOOD, "own/ours.yaml").key == "ours"


@pytest.mark.parametrize(("old", "new", "line", "reason"), BATTERY)
def test_each_broken_pack_is_refused_with_file_line_and_reason(old: str, new: str, line: int, reason: str) -> None:
    assert GOOD.count(old) >= 1
    wrong = refused(GOOD.replace(old, new, 1))
    assert str(wrong).startswith(f"own/ours.yaml, line {line}: "), str(wrong)
    assert reason in wrong.reason


@pytest.mark.parametrize("block", ["clocks", "examples", "calendar", "scope", "version", "key"])
def test_a_missing_part_is_named(block: str) -> None:
    lines = GOOD.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{block}:"))
    last = next((n for n, line in enumerate(lines) if n > first and not line.startswith((" ", "-"))), len(lines))
    wrong = refused("".join(lines[:first] + lines[last:]))
    assert wrong.line == 1
    assert wrong.reason == f"{block}: Field required"


@pytest.mark.parametrize("empty", ["clocks: []", "examples: []"])
def test_a_pack_without_clocks_or_without_examples_is_refused(empty: str) -> None:
    block = empty.partition(":")[0]
    first = GOOD.index(f"{block}:")
    rest = GOOD[GOOD.index("examples:") :] if block == "clocks" else ""
    wrong = refused(GOOD[:first] + empty + "\n" + rest)
    assert wrong.line == GOOD[:first].count("\n") + 1
    assert "at least 1 item" in wrong.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB.replace("*a0", "x"), "swell"),
        ("a: " + "[" * 60 + "]" * 60, "nested too deeply"),
        ("[" * 20_000, "nested too deeply"),
        ("{a: " * 20_000, "nested too deeply"),
        ("- " * 20_000, "nested too deeply"),
        ("key: ours\nregime: a\x07b\n", "no text has"),
        ("key: ours\nregime: a\x00b\n", "no text has"),
        ("", "mapping"),
        ("# nothing\n", "mapping"),
        ("- key: ours\n", "mapping"),
    ],
    ids=["bomb", "deep", "deep lists", "deep mappings", "deep dashes", "bell", "nul", "empty", "comment", "list"],
)
def test_what_swells_is_too_deep_or_no_text_is_refused_at_once(text: str, reason: str) -> None:
    wrong = refused(text)
    assert reason in wrong.reason
    assert wrong.line is not None


def test_a_bomb_of_merge_keys_is_refused() -> None:
    bomb = "a0: &a0 {x: y}\n" + "".join(
        f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
    )
    assert refused(bomb).line is not None


def second_clock(changes: dict[str, str]) -> str:
    first, last = GOOD.index("  - kind: final_response\n    title"), GOOD.index("examples:")
    block = GOOD[first:last]
    for old, new in changes.items():
        assert old in block
        block = block.replace(old, new)
    return GOOD[:last] + block + GOOD[last:]


def test_a_clock_that_stands_twice_is_refused_and_one_with_another_condition_is_not() -> None:
    wrong = refused(second_clock({"working_days: 2": "working_days: 3"}))
    assert (wrong.line, "would start twice" in wrong.reason) == (18, True)
    parse_pack(second_clock({"imported: true": "imported: true, hardship: true"}), "own/ours.yaml")
    parse_pack(second_clock({"kind: final_response": "kind: final_response\n    part: rest"}), "own/ours.yaml")


def folder_refuses(folder: Path) -> RulePackError:
    with pytest.raises(RulePackError) as found:
        packs(folder)
    return found.value


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "due: {final_response: 2026-03-16}",
            "due: {final_response: 2026-03-17}",
            "should be 2026-03-17 and is 2026-03-16",
        ),
        ("due: {final_response: 2026-03-16}", "due: {}", "should be no clock"),
        (
            "due: {final_response: 2026-03-16}",
            "due: {holding: 2026-03-16}",
            "final_response should be no clock",
        ),
        ("timezone: Europe/Oslo\n    due", "timezone: Mars/Phobos\n    due", "Mars/Phobos"),
        ("received: 2026-03-02T10:00:00+01:00", "received: 2026-03-02T10:00:00", "needs an offset"),
        ("received: 2026-03-02T10:00:00+01:00", "received: 9998-03-02T10:00:00+01:00", "outside the years"),
    ],
)
def test_an_example_that_does_not_come_out_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert old in GOOD
    (tmp_path / "ours.yaml").write_text(GOOD.replace(old, new))
    wrong = folder_refuses(tmp_path)
    assert (wrong.file, wrong.line) == (str(tmp_path / "ours.yaml"), 29)
    assert reason in wrong.reason


def test_a_file_under_another_name_two_files_for_one_key_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(GOOD)
    assert str(folder_refuses(tmp_path)).startswith(
        f"{tmp_path / 'other.yaml'}, line 1: the file must be named ours.yaml"
    )
    (tmp_path / "other.yaml").rename(tmp_path / "ours.yaml")
    (tmp_path / "ours.yml").write_text(GOOD)
    assert "two files" in folder_refuses(tmp_path).reason
    (tmp_path / "ours.yml").write_text("#" * (LARGEST_FILE + 1))
    assert "larger than" in folder_refuses(tmp_path).reason


def test_text_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_bytes(GOOD.replace("regime: Own", "regime: Über").encode("latin-1"))
    wrong = folder_refuses(tmp_path)
    assert (wrong.line, wrong.reason) == (4, "the file is not UTF-8 text")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert "ours" in packs(tmp_path)
