"""Routing rules are data: read as sentences, tried on the past, in versions, refused when they are wrong."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.audit.public import records_of
from amends.cases.public import Complaint, record_assessment
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound
from amends.routing.models import RoutedCase, RuleSetVersion
from amends.routing.rules import TeamChoice
from amends.routing.ruleset import Facts, RuleSet, RuleSetError, When, decide, document_of, holds, read_rule_set
from amends.routing.rulesets import activate, active_version, discard_draft, draft, roll_back, save_draft, versions
from amends.routing.sentences import sentence
from amends.routing.trying import try_out

FRONT = TeamChoice(1, "Care", "/1/", 1, ("en",), "care")
GERMAN = TeamChoice(2, "Kundendienst", "/1/3/", 1, ("de",), "care-de")
EXPERTS = TeamChoice(3, "Experts", "/1/", 2, ("en",), "experts")
TEAMS = [FRONT, GERMAN, EXPERTS]

FACTS: dict[str, Any] = {
    "channel": "email", "category": "billing", "product": "aria-one", "line": "Speakers", "language": "de", "severity": 3,
    "packs": ("uk-fca-disp",), "unit_keys": ("berlin", "northlight"), "unit_path": "/1/3/", "vulnerable": True,
    "safety": False, "legal_or_media": True, "value": "250.00", "text": "Die Rechnung ist doppelt. My lawyer will write.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"channels": ["email", "chat"]}, True),
        ({"channels": ["chat"]}, False),
        ({"categories": ["billing"]}, True),
        ({"categories": ["delivery"]}, False),
        ({"products": ["aria-one"]}, True),
        ({"products": ["aria-two"]}, False),
        ({"lines": ["Speakers"]}, True),
        ({"lines": ["Lamps"]}, False),
        ({"languages": ["de"]}, True),
        ({"languages": ["en"]}, False),
        ({"severity_from": 3}, True),
        ({"severity_from": 4}, False),
        ({"packs": ["uk-fca-disp"]}, True),
        ({"packs": ["house"]}, False),
        ({"units": ["northlight"]}, True),
        ({"units": ["london"]}, False),
        ({"words": ["LAWYER"]}, True),
        ({"words": ["law"]}, False),
        ({"vulnerable": True}, True),
        ({"vulnerable": False}, False),
        ({"safety": False}, True),
        ({"safety": True}, False),
        ({"legal_or_media": True}, True),
        ({"legal_or_media": False}, False),
        ({"value_from": "250.00"}, True),
        ({"value_from": "250.01"}, False),
        ({"languages": ["de"], "severity_from": 4}, False),
    ],
)
def test_every_condition_of_a_rule_is_asked(when: dict[str, Any], expected: bool) -> None:
    assert holds(When.model_validate(when), Facts.model_validate(FACTS)) is expected


def rules(*given: dict[str, Any]) -> RuleSet:
    return read_rule_set({"rules": list(given)})


BILLING = {"when": {"categories": ["billing"], "languages": ["de"]}, "to": {"team": "care-de"}, "skill": "payments"}
SEVERE = {"when": {"severity_from": 3}, "to": {"tier": 2}}


def test_the_first_rule_that_holds_counts_and_the_default_is_last() -> None:
    facts = Facts.model_validate(FACTS)
    first = decide(rules(BILLING, SEVERE), facts, TEAMS)
    other = decide(rules(SEVERE, BILLING), facts, TEAMS)
    none = decide(rules({"when": {"channels": ["chat"]}, "to": {"team": "care"}}), facts, TEAMS)
    assert first is not None
    assert (first.team_id, first.rule, first.skill) == (2, 1, "payments")
    assert other is not None
    assert (other.team_id, other.rule) == (3, 1)
    assert none is not None
    assert (none.team_id, none.rule) == (2, 0)


def test_a_rule_whose_team_is_gone_is_passed_over() -> None:
    decided = decide(rules(BILLING, SEVERE), Facts.model_validate(FACTS), [FRONT, EXPERTS])
    assert decided is not None
    assert (decided.team_id, decided.rule) == (3, 2)


def test_a_rule_may_ask_for_the_nearest_team() -> None:
    asks = rules({"when": {"channels": ["email"]}, "to": {"nearest": True}})
    decided = decide(asks, Facts.model_validate(FACTS), TEAMS)
    assert decided is not None
    assert (decided.team_id, decided.rule) == (2, 1)


NAMES = {
    "teams": {"care-de": "Kundendienst"},
    "categories": {"billing": "billing"},
    "languages": {"de": "German"},
    "skills": {},
}


def test_a_rule_reads_as_a_sentence() -> None:
    one = rules(BILLING).rules[0]
    assert sentence(one, NAMES) == (
        "Complaints about billing in German go to Kundendienst, by somebody who knows payments."
    )
    with translation.override("de"):
        german = {**NAMES, "categories": {"billing": "Abrechnung"}, "languages": {"de": "Deutsch"}}
        assert sentence(one, german) == (
            "Beschwerden über Abrechnung auf Deutsch gehen an Kundendienst, an jemanden mit Kenntnis in payments."
        )
    everything = rules(
        {
            "when": {
                "channels": ["email"], "products": ["aria-one"], "lines": ["Speakers"], "severity_from": 2, "packs": ["house"],
                "units": ["london"], "words": ["lawyer", "court"], "vulnerable": True, "safety": True, "legal_or_media": False,
                "value_from": "500",
            },
            "to": {"tier": 2},
        }
    ).rules[0]  # fmt: skip
    said = sentence(everything, {})
    for words in (
        "Speakers",
        "email",
        "london",
        "house",
        "“lawyer” or “court”",
        "severity 2",
        "500",
        "vulnerable",
        "tier 2",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("wrong", "rule", "field"),
    [
        ({"rules": [BILLING, {"when": {"severity_from": 9}, "to": {"team": "care"}}]}, 2, "when.severity_from"),
        ({"rules": [{"when": {"colour": ["red"]}, "to": {"team": "care"}}]}, 1, "when.colour"),
        ({"rules": [{"when": {"channels": ["email"]}, "to": {}}]}, 1, "to"),
        ({"rules": [{"when": {"channels": ["email"]}, "to": {"team": "care", "tier": 2}}]}, 1, "to"),
        ({"rules": [{"when": {}, "to": {"team": "care"}}]}, 1, "rules"),
        ({"rules": [{"when": {"words": ["a\x00b"]}, "to": {"team": "care"}}]}, 1, "when.words"),
        ({"rulez": []}, 0, "rulez"),
        ([], 0, "rules"),
    ],
)
def test_wrong_rules_are_refused_with_their_number_and_field(wrong: object, rule: int, field: str) -> None:
    with pytest.raises(RuleSetError) as refused:
        read_rule_set(wrong)
    assert refused.value.rule == rule
    assert refused.value.field.startswith(field)


def test_names_that_nothing_has_are_refused(house: House, ada: User) -> None:
    for wrong, said in (
        ({"when": {"channels": ["pigeon"]}, "to": {"team": "care"}}, "pigeon"),
        ({"when": {"units": ["atlantis"]}, "to": {"team": "care"}}, "atlantis"),
        ({"when": {"products": ["ghost"]}, "to": {"team": "care"}}, "ghost"),
        ({"when": {"categories": ["moods"]}, "to": {"team": "care"}}, "moods"),
        ({"when": {"channels": ["email"]}, "to": {"team": "nobody"}}, "nobody"),
    ):
        with pytest.raises(BadInput, match="Rule 1") as refused:
            save_draft(actor=actor(ada), document={"rules": [wrong]})
        assert said in refused.value.message


LONDON_TO_EXPERTS = {"rules": [{"when": {"units": ["london"]}, "to": {"team": "specialists"}}]}


def routed(complaint: Complaint) -> Complaint:
    record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"language": "en", "severity": 2})
    complaint.refresh_from_db()
    return complaint


def test_nothing_is_routed_by_a_draft_until_it_is_in_force(house: House, ada: User) -> None:
    save_draft(actor=actor(ada), document=LONDON_TO_EXPERTS)
    assert routed(new_complaint(house.london)).team == house.care
    activate(actor=actor(ada), reason="Specialists take London this week.")
    case = routed(new_complaint(house.london))
    assert (case.team, case.tier) == (house.specialists, 2)
    kept = RoutedCase.objects.get(complaint=case)
    assert kept.version == active_version()
    assert kept.rule == 1


def test_versions_say_who_when_and_why_and_an_older_one_comes_back_as_a_new_one(house: House, ada: User) -> None:
    save_draft(actor=actor(ada), document=LONDON_TO_EXPERTS)
    first = activate(actor=actor(ada), reason="Specialists take London this week.")
    save_draft(actor=actor(ada), document={"rules": []})
    activate(actor=actor(ada), reason="As before.")
    third = roll_back(actor=actor(ada), number=1, reason="They are here again.")
    assert [(one.number, str(one.state)) for one in versions()] == [
        (3, "active"), (2, "superseded"), (1, "superseded"),
    ]  # fmt: skip
    assert third.rules == first.rules
    assert third.based_on == first
    assert (third.activated_by, third.activated_by_name, third.reason) == (ada, ada.name, "They are here again.")
    kinds = [one.kind for one in records_of("routing_rules")]
    assert kinds.count("routing_rules_activated") == 2
    assert kinds.count("routing_rules_rolled_back") == 1
    with pytest.raises(NotFound):
        roll_back(actor=actor(ada), number=99, reason="?")


def test_a_version_needs_a_reason_and_a_draft(house: House, ada: User) -> None:
    with pytest.raises(Conflict):
        activate(actor=actor(ada), reason="There is none.")
    save_draft(actor=actor(ada), document=LONDON_TO_EXPERTS)
    with pytest.raises(BadInput, match="why"):
        activate(actor=actor(ada), reason=" \x00 ")
    assert active_version() is None
    assert discard_draft(actor=actor(ada)) is True
    assert draft() is None


def test_only_who_may_change_settings_changes_rules(house: House, lena: User) -> None:
    with pytest.raises(NotAllowed):
        save_draft(actor=actor(lena), document=LONDON_TO_EXPERTS)
    with pytest.raises(NotAllowed):
        activate(actor=actor(lena), reason="I say so.")
    with pytest.raises(NotAllowed):
        try_out(actor=actor(lena), rules=read_rule_set(LONDON_TO_EXPERTS))


def test_two_writers_of_one_draft_do_not_overwrite_each_other(house: House, ada: User) -> None:
    seen = save_draft(actor=actor(ada), document=LONDON_TO_EXPERTS).rules
    save_draft(actor=actor(ada), document={"rules": []}, seen=seen)
    with pytest.raises(Conflict, match="Somebody else"):
        save_draft(actor=actor(ada), document=LONDON_TO_EXPERTS, seen=seen)


def test_the_database_allows_one_version_in_force(house: House, ada: User) -> None:
    save_draft(actor=actor(ada), document=LONDON_TO_EXPERTS)
    one = activate(actor=actor(ada), reason="First.")
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleSetVersion.objects.create(
            number=9, state="active", rules={}, activated_at=one.activated_at, reason="a second"
        )


@pytest.mark.django_db(transaction=True)
def test_two_administrators_at_once_make_two_versions_one_after_the_other(house: House, ada: User) -> None:
    save_draft(actor=actor(ada), document=LONDON_TO_EXPERTS)
    activate(actor=actor(ada), reason="First.")
    mine, failed = actor(ada), []

    def back() -> None:
        try:
            roll_back(actor=mine, number=1, reason="Again.")
        except Exception as error:  # noqa: BLE001  # shown by the assertion
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=back) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert [one.number for one in versions()] == [5, 4, 3, 2, 1]
    assert RuleSetVersion.objects.filter(state="active").count() == 1


def test_a_draft_says_what_it_would_have_moved_and_writes_nothing(house: House, ada: User) -> None:
    for _ in range(4):
        routed(new_complaint(house.london))
    for _ in range(3):
        routed(new_complaint(house.berlin))
    before = (RoutedCase.objects.count(), len(records_of("routing_rules")))
    trial = try_out(actor=actor(ada), rules=read_rule_set(LONDON_TO_EXPERTS))
    assert (trial.looked_at, trial.moved) == (7, 4)
    assert [(one.rule, one.from_team, one.to_team, one.cases) for one in trial.moves] == [
        (1, "Customer care", "Technical specialists", 4)
    ]
    assert trial.by_rule == {0: 3, 1: 4}
    assert before == (RoutedCase.objects.count(), len(records_of("routing_rules")))


def test_trying_asks_the_database_the_same_for_few_and_many(house: House, ada: User) -> None:
    administrator, asked = actor(ada), []
    for number in (2, 8):
        for _ in range(number):
            routed(new_complaint(house.london))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            try_out(actor=administrator, rules=read_rule_set(LONDON_TO_EXPERTS))
        asked.append(len(queries))
        assert not [one for one in queries if not one["sql"].startswith("SELECT")]
    assert asked[0] == asked[1] <= 6


def test_rules_come_back_from_json_as_they_were() -> None:
    whole = rules(BILLING, SEVERE, {"when": {"value_from": "10.50", "safety": False}, "to": {"nearest": True}})
    assert read_rule_set(document_of(whole)) == whole
