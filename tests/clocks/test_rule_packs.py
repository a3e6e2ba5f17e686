"""Every rule pack reproduces its own examples, and a wrong file is refused with file, line and reason."""

from pathlib import Path

import pytest

from amends.clocks.library import BUILT_IN, UnknownPackError, mismatches, pack_named, packs
from amends.clocks.packfile import RulePackError, parse_pack, read_pack
from amends.clocks.rulepack import Example, RulePack

EXAMPLES = [
    pytest.param(pack, example, id=f"{pack.key}: {example.says}")
    for pack in (read_pack(file) for file in sorted(BUILT_IN.glob("*.yaml")))
    for example in pack.examples
]

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
clocks:
  - kind: final_response
    title: {en: Answer, de: Antworten}
    duration: {working_days: 2}
    end: end_of_day
    source: {document: Our promise, date: 2026-02-01}
    certainty: confirmed
examples:
  - says: Only Mondays count.
    received: 2026-03-02T10:00:00+01:00
    timezone: Europe/Oslo
    due: {final_response: 2026-03-16}
"""


@pytest.mark.parametrize(("pack", "example"), EXAMPLES)
def test_every_built_in_pack_reproduces_its_examples(pack: RulePack, example: Example) -> None:
    assert mismatches(pack, example) == []


def test_every_clock_of_a_built_in_pack_is_shown_by_an_example() -> None:
    for pack in packs().values():
        shown = {kind for example in pack.examples for kind in example.due}
        assert shown == {rule.name for rule in pack.clocks}, pack.key


def test_every_built_in_file_is_named_after_its_key() -> None:
    assert {file.stem for file in BUILT_IN.glob("*.yaml")} == set(packs())
    assert {"house", "uk-fca-disp"} <= set(packs())


def test_an_example_that_the_engine_contradicts_is_named() -> None:
    pack = parse_pack(GOOD.replace("2026-03-16", "2026-03-17"), "ours.yaml")
    (sentence,) = mismatches(pack, pack.examples[0])
    assert "final_response should be 2026-03-17 and is 2026-03-16T23:59:59+01:00" in sentence


def test_an_example_must_list_every_clock_that_starts() -> None:
    pack = parse_pack(GOOD.replace("final_response: 2026-03-16", "acknowledge: 2026-03-16"), "ours.yaml")
    assert len(mismatches(pack, pack.examples[0])) == 2


def test_norway_stays_a_country() -> None:
    assert parse_pack(GOOD, "ours.yaml").calendar.countries == ("NO",)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("working_days: 2", "working_dys: 2", 14, "working_dys"),
        ("{working_days: 2}", "{working_days: 2, weeks: 1}", 14, "name exactly one of"),
        ("{working_days: 2}", "{working_days: 0}", 14, "greater than or equal to 1"),
        ("{working_days: 2}", "{minutes: 2}", 12, "minutes end at an instant"),
        ("end: end_of_day", "end: sometime", 15, "instant"),
        (
            "end: end_of_day",
            "end: end_of_day\n    warn_before: [{weeks: 1}]",
            12,
            "warn_before of this clock counts in",
        ),
        ("certainty: confirmed", "certainty: surely", 17, "confirmed"),
        ("Europe/Oslo\n  countries", "Europe/Osl\n  countries", 7, "there is no time zone 'Europe/Osl'"),
        ("[NO]", "[QQ]", 6, "no public holidays for country 'QQ'"),
        ('"09:00-12:00", ', '"9-12", ', 10, "'9-12' is no slot"),
        ('"09:00-12:00", ', '"12:00-09:00", ', 10, "must end after it starts"),
        ('"09:00-12:00", ', '"09:00-14:00", ', 6, "overlap"),
        ('["09:00-12:00", "13:00-17:00"]', "[]", 6, "at least one working slot"),
        ("key: ours", "key: Our Own", 1, "pattern"),
        ("regime: Own promise", "regime: Own promise\nregime: Twice", 5, "'regime' stands twice"),
        ("regime: Own promise", "regime: [Own promise", 5, "expected"),
        ("regime: Own promise\n", "", 1, "regime: Field required"),
        ("source: {document: Our promise, date: 2026-02-01}", "source: {document: Our promise}", 16, "source.date"),
    ],
)
def test_a_wrong_pack_is_refused_with_file_line_and_reason(old: str, new: str, line: int, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(RulePackError) as refused:
        parse_pack(GOOD.replace(old, new, 1), "own/ours.yaml")
    assert str(refused.value).startswith(f"own/ours.yaml, line {line}: "), str(refused.value)
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "just words", "\x00", "a: !!python/object:os.system {}", "[" * 5000]
)
def test_what_is_no_pack_at_all_is_refused_too(text: str) -> None:
    with pytest.raises(RulePackError, match=r"ours\.yaml"):
        parse_pack(text, "ours.yaml")


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("key: ärger".encode("latin-1"))
    with pytest.raises(RulePackError, match="not UTF-8"):
        read_pack(tmp_path / "latin.yaml")
    with pytest.raises(RulePackError, match="cannot be read"):
        read_pack(tmp_path / "missing.yaml")


def test_an_own_pack_joins_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(GOOD)
    assert set(packs(tmp_path)) == {*packs(), "ours"}
    assert pack_named("ours", tmp_path).title.de == "Unsere"


def test_an_own_pack_takes_the_place_of_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "house.yaml").write_text(GOOD.replace("key: ours", "key: house"))
    assert pack_named("house", tmp_path).title.en == "Ours"
    assert pack_named("house").title.en == "House rules"


def test_an_own_pack_whose_examples_are_wrong_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(GOOD.replace("2026-03-16", "2026-03-17"))
    with pytest.raises(RulePackError, match="final_response should be 2026-03-17"):
        packs(tmp_path)


def test_an_own_pack_is_named_after_its_key(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(GOOD)
    with pytest.raises(RulePackError, match=r"must be named ours\.yaml"):
        packs(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RulePackError, match="is not there"):
        packs(tmp_path / "nowhere")


@pytest.mark.parametrize("key", ["nothing", "../house", "", "house.yaml", "x" * 10_000, "a\x00b"])
def test_an_unknown_pack_is_answered_with_those_there_are(key: str) -> None:
    with pytest.raises(UnknownPackError, match=r"write one of .*house"):
        pack_named(key)
