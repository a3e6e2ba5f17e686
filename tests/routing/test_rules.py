"""Which team a case belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from amends.routing.alert_rules import BUILT_IN, AlertRulesError, CaseFacts, choose_rule, read_rules
from amends.routing.rules import TeamChoice, choose_team

CARE_UK = TeamChoice(1, "Care UK", "/1/2/", 1, ("en",))
CARE_DE = TeamChoice(2, "Care DE", "/1/3/", 1, ("de",))
HEAD = TeamChoice(3, "Head office", "/1/", 1, ())
EXPERTS = TeamChoice(4, "Experts", "/1/", 2, ("en", "de"))
LEEDS = TeamChoice(5, "Leeds", "/1/2/9/", 1, ("en",))


@pytest.mark.parametrize(
    ("unit", "language", "team"),
    [
        ("/1/2/", "en", 1),
        ("/1/2/9/", "en", 5),
        ("/1/3/", "de", 2),
        ("/1/2/", "de", 2),
        ("/1/3/", "en", 1),
        ("/1/2/", "fr", 1),
        ("/1/", "fr", 3),
        ("/1/", "", 3),
    ],
)
def test_language_outranks_nearness_and_nearness_decides_the_rest(unit: str, language: str, team: int) -> None:
    routed = choose_team(unit_path=unit, language=language, teams=[CARE_UK, CARE_DE, HEAD, EXPERTS, LEEDS])
    assert routed is not None
    assert routed.team_id == team
    assert routed.reason


def test_without_a_front_line_there_is_no_team() -> None:
    assert choose_team(unit_path="/1/", language="en", teams=[EXPERTS]) is None


def facts(**values: object) -> CaseFacts:
    usual: dict[str, object] = {
        "severity": 2, "safety": False, "legal_or_media": False, "vulnerable": False, "channel": "email", "category": "billing",
    }  # fmt: skip
    return CaseFacts.model_validate(usual | values)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({}, None),
        ({"severity": 1}, None),
        ({"severity": 3}, "A serious case"),
        ({"severity": 4, "safety": True}, "Somebody was hurt"),
        ({"legal_or_media": True}, "Lawyers"),
        ({"channel": "survey"}, "An unhappy answer"),
    ],
)
def test_the_first_rule_that_holds_says_who_must_know(values: dict[str, object], says: str | None) -> None:
    rule = choose_rule(read_rules(), "new_case", facts(**values))
    assert (rule.says if rule else None) == says if says is None else rule is not None and rule.says.startswith(says)


def test_every_breach_has_a_rule() -> None:
    assert choose_rule(read_rules(), "clock_breached", facts(severity=1)) is not None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('event = "new_case"', 'event = "new_kase"', "rule.0.event"),
        ("minutes = 5", "minutes = 0", "rule.0.minutes"),
        ('["leads"]', '["boss"]', "rule.0.levels.1.0"),
        ("version =", "vershun =", "version: Field required"),
        ("[[rule]]", "[[rule", "line"),
    ],
)
def test_wrong_rules_are_refused_with_file_and_reason(tmp_path: Path, old: str, new: str, reason: str) -> None:
    wrong = tmp_path / "alerts.toml"
    wrong.write_text(BUILT_IN.read_text().replace(old, new, 1))
    with pytest.raises(AlertRulesError) as refused:
        read_rules(wrong)
    assert str(wrong) in str(refused.value)
    assert reason in str(refused.value)
