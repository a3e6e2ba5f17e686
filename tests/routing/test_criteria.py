"""Cases go up by rules that an administrator can read: once for each case and rule, recorded, and tried on past cases."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.audit.public import records_of
from amends.cases.public import Complaint, assign, receive_message, reply, set_team
from amends.core import clock
from amends.core.errors import NotAllowed
from amends.notifications.public import unread
from amends.routing.criteria import consider, facts_of, try_on_past
from amends.routing.criteria_rules import BUILT_IN, CriteriaError, Facts, read_criteria
from amends.routing.models import FiredCriterion, Handoff

RULES = read_criteria()


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts(), []),
        (Facts(clock_percent=89), []),
        (Facts(clock_percent=90), ["time_nearly_over"]),
        (Facts(clock_percent=100), ["time_nearly_over", "time_over"]),
        (Facts(moods=(0.1, -0.4)), ["mood_falls"]),
        (Facts(moods=(-0.4, 0.1)), []),
        (Facts(contacts=3), ["third_contact"]),
        (Facts(contacts=2), []),
        (Facts(days_since_last=90), ["again"]),
        (Facts(days_since_last=91), []),
        (Facts(value=Decimal("1000.01")), ["worth"]),
        (Facts(value=Decimal(1000)), []),
        (Facts(safety=True), ["hurt"]),
        (Facts(media=True), ["press"]),
        (Facts(troubleshooting_failed=True), ["troubleshooting"]),
        (Facts(texts=("I want to speak to  YOUR\nmanager!",)), ["asks_for_manager"]),
        (Facts(texts=("Ich möchte Ihren Vorgesetzten sprechen.",)), ["asks_for_manager"]),
        (Facts(texts=("The managerial style of the manageress.",)), []),
    ],
)
def test_each_criterion_holds_when_it_should(facts: Facts, expected: list[str]) -> None:
    assert [one.key for one in RULES.matching(facts)] == expected


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("percent = 90", "percent = 80", r"rule\.7\.percent: "),
        ('on = "contacts"', 'on = "phases"', r"rule\.4\.on: "),
        ("times = 3", "", "third_contact.* takes times, not nothing"),
        ('key = "again"', 'key = "hurt"', "'hurt' stands twice"),
        ('words = "manager"', 'words = "boss"', "no list of words 'boss'"),
        ('version = "2026', "version = 2026", "criteria.toml: "),
    ],
)
def test_a_wrong_file_is_refused_with_place_and_reason(tmp_path: Path, before: str, after: str, reason: str) -> None:
    wrong = tmp_path / "criteria.toml"
    assert before in BUILT_IN.read_text()
    wrong.write_text(BUILT_IN.read_text().replace(before, after))
    with pytest.raises(CriteriaError, match=reason) as refused:
        read_criteria(wrong)
    assert str(wrong) in str(refused.value)


def test_every_rule_is_a_sentence_in_english_and_german() -> None:
    for rule in RULES.rule:
        english = rule.sentence()
        with translation.override("de"):
            german = rule.sentence()
        assert english.startswith("When ")
        assert german.startswith("Wenn ")


def write(complaint: Complaint, text: str) -> None:
    receive_message(
        actor=SYSTEM, complaint_id=complaint.pk, channel="api", text=text, from_name="Maya", from_address="maya@example.org"
    )  # fmt: skip


def test_the_third_contact_without_an_answer_goes_up_once(house: House, complaint: Complaint, alice: User) -> None:
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    write(complaint, "Is anybody there?")
    assert not Handoff.objects.exists()
    write(complaint, "Hello?")
    write(complaint, "Hello again?")
    assert Handoff.objects.get().to_team == house.specialists
    assert FiredCriterion.objects.filter(key="third_contact").values_list("did", flat=True).get() == "escalated"
    kinds = [one.kind for one in records_of(f"complaint:{complaint.pk}")]
    assert kinds.count("criterion_fired") == FiredCriterion.objects.count()


def test_an_answer_of_substance_starts_the_count_anew(complaint: Complaint, alice: User) -> None:
    write(complaint, "Is anybody there?")
    assert facts_of(complaint, now=clock.now()).contacts == 2
    reply(actor=actor(alice), complaint_id=complaint.pk, text="Yes: we repair it on Monday.")
    assert facts_of(complaint, now=clock.now()).contacts == 0


def test_the_owner_is_asked_when_the_customer_asks_for_a_manager(complaint: Complaint, alice: User) -> None:
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    for _ in range(2):
        write(complaint, "I want to speak to your manager.")
    assert (
        len([one for one in unread(alice.pk) if one.kind == "escalation_proposed" and "asks for somebody" in one.title])
        == 1
    )


def test_failed_troubleshooting_goes_up_and_where_nobody_is_above_the_owner_is_asked(
    house: House, complaint: Complaint, alice: User
) -> None:
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.specialists.pk)
    fired = consider(complaint_id=complaint.pk, troubleshooting_failed=True)
    assert {one.key: one.did for one in fired}["troubleshooting"] == "proposed"
    assert consider(complaint_id=complaint.pk, troubleshooting_failed=True) == []


def test_rules_are_tried_on_past_cases_without_changing_anything(
    house: House, complaint: Complaint, dora: User, alice: User, client: Client, token: str
) -> None:
    new_complaint(house.london, text="Get me a manager.")
    rows: Any = FiredCriterion.objects.count()
    trial = try_on_past(actor=actor(dora))
    assert (trial.cases, trial.by_rule["asks_for_manager"], trial.by_rule["again"]) == (2, 1, 1)
    assert (trial.affected, trial.escalated) == (1, 0)
    assert FiredCriterion.objects.count() == rows
    with pytest.raises(NotAllowed):
        try_on_past(actor=actor(alice))
    said = client.get("/api/v1/escalation-criteria", headers={"Authorization": f"Bearer {token}"}).json()
    assert ["asks_for_manager", RULES.rule[2].sentence(), 1] in said["rules"]
