"""Which team a case belongs to."""

from __future__ import annotations

import pytest

from amends.routing.rules import TeamChoice, choose_team, must_know_leads

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


@pytest.mark.parametrize(
    ("severity", "safety", "legal", "told"),
    [(1, False, False, False), (3, False, False, True), (1, True, False, True), (2, False, True, True)],
)
def test_leads_hear_of_what_is_serious(severity: int, safety: bool, legal: bool, told: bool) -> None:
    assert must_know_leads(severity=severity, safety=safety, legal_or_media=legal) is told
