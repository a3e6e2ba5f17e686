"""Cases go up by rules that an administrator can read: once for each case and rule, recorded, and tried on past cases."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import translation
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.audit.public import records_of
from amends.cases.public import (
    Complaint,
    access_complaint,
    assign,
    create_list,
    list_case,
    receive_message,
    reply,
    set_team,
)
from amends.clocks.public import Clock
from amends.core import clock
from amends.core.errors import NotAllowed
from amends.handling.public import note_try
from amends.notifications.alerts import climb
from amends.notifications.public import Alert, unread
from amends.routing import criteria
from amends.routing.configured import criteria_in_force, criteria_problem
from amends.routing.criteria import consider, facts_of, fired_lately, sweep_clocks, try_on_past
from amends.routing.criteria_rules import BUILT_IN, CriteriaError, Facts, read_criteria
from amends.routing.models import FiredCriterion, Handoff

RULES = read_criteria()
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


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
        (Facts(safety=True), ["hurt", "letter_safety"]),
        (Facts(media=True), ["press"]),
        (Facts(failed_tries=1), []),
        (Facts(failed_tries=2), ["troubleshooting"]),
        (Facts(after_answer=("It did not help.", "Es hat  nicht\ngeholfen!")), ["troubleshooting"]),
        (Facts(texts=("It did not help.",) * 3), []),
        (Facts(listed=frozenset({"important"})), ["important_customer"]),
        (Facts(listed=frozenset({"legal"})), []),
        (Facts(reach=10_001), ["many_hear_it"]),
        (Facts(reach=10_000), []),
        (Facts(texts=("I want to speak to  YOUR\nmanager!",)), ["asks_for_manager"]),
        (Facts(texts=("Ich möchte Ihren Vorgesetzten sprechen.",)), ["asks_for_manager"]),
        (Facts(texts=("The managerial style of the manageress.",)), []),
    ],
)
def test_each_criterion_holds_when_it_should(facts: Facts, expected: list[str]) -> None:
    assert [one.key for one in RULES.matching(facts)] == expected


def test_a_rule_that_has_done_its_part_holds_no_more() -> None:
    facts = Facts(safety=True, media=True, fired=frozenset({"hurt", "press"}))
    assert [one.key for one in RULES.matching(facts)] == ["letter_safety"]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("percent = 90", "percent = 40", r"line \d+: rule\.\d+\.percent: "),
        ('on = "contacts"', 'on = "phases"', r"criteria\.toml, line \d+: rule\.4\.on: "),
        ('version = "', 'version = "much too long for the record ', r"criteria\.toml, line \d+: version: "),
        ("times = 3", "", "third_contact.* takes times, not nothing"),
        ('key = "again"', 'key = "hurt"', "'hurt' stands twice"),
        ('words = "manager"', 'words = "boss"', "no list of words 'boss'"),
        ('version = "2026', "version = 2026", r"criteria\.toml, line \d+: "),
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


def test_a_case_is_looked_at_with_two_statements_however_much_happened_in_it(
    complaint: Complaint, alice: User, django_assert_num_queries: Any, tmp_path: Path
) -> None:
    now = clock.now()
    with django_assert_num_queries(2):
        assert RULES.matching(facts_of(complaint, now=now, rules=RULES)) == []
    with django_assert_num_queries(3):  # the case itself, and it
        assert consider(complaint_id=complaint.pk) == []
    for number in range(6):
        write(complaint, f"I ask for the {number + 1}. time, and I want to speak to your manager.")
        note_try(actor=actor(alice), complaint_id=complaint.pk, what="Restarted it", helped=False)
    with django_assert_num_queries(2):
        assert facts_of(complaint, now=now).contacts == 7
    with django_assert_num_queries(1):  # what was tried in vain is not counted for a rule that has fired
        assert "troubleshooting" in facts_of(complaint, now=now, rules=RULES).fired
    few = read_criteria(Path(own_rules(tmp_path, 'key = "grave"\non = "severity"\nlevel = 2\naction = "escalate"')))
    with django_assert_num_queries(1):
        assert facts_of(complaint, now=now, rules=few).texts == (complaint.text,)


def test_what_only_a_rule_asks_that_has_fired_is_not_worked_out_again(complaint: Complaint) -> None:
    write(complaint, "Thank you, that is very kind and I am happy.")
    assert len(facts_of(complaint, now=clock.now(), rules=RULES).moods) == 2
    write(complaint, "This is a disgrace, I am furious, you are useless liars.")
    facts = facts_of(complaint, now=clock.now(), rules=RULES)
    assert ("mood_falls" in facts.fired, facts.moods) == (True, ())
    everything = facts_of(complaint, now=clock.now())
    assert len(everything.moods) == 3
    past = facts_of(complaint, now=clock.now(), rules=RULES, past=True)
    assert "mood_falls" in [one.key for one in RULES.matching(past)]


def test_the_customers_last_complaint_before_this_one_counts_and_no_later_one(house: House) -> None:
    with clock.frozen_at(NOON):
        first = new_complaint(house.london)
    with clock.frozen_at(NOON + timedelta(days=9)):
        second = new_complaint(house.london, text="Another matter altogether.")
    assert first.customer_id == second.customer_id
    found = [facts_of(one, now=NOON).days_since_last for one in (first, second)]
    assert found == [None, 9]


def test_the_owner_is_asked_when_the_customer_asks_for_a_manager(complaint: Complaint, alice: User) -> None:
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    for _ in range(2):
        write(complaint, "I want to speak to your manager.")
    assert (
        len([one for one in unread(alice.pk) if one.kind == "escalation_proposed" and "asks for somebody" in one.title])
        == 1
    )


def test_what_was_tried_in_vain_twice_goes_up_and_where_nobody_is_above_the_owner_is_asked(
    house: House, complaint: Complaint, alice: User
) -> None:
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.specialists.pk)
    note_try(actor=actor(alice), complaint_id=complaint.pk, what="Restarted it", helped=False)
    assert not FiredCriterion.objects.filter(key="troubleshooting").exists()
    note_try(actor=actor(alice), complaint_id=complaint.pk, what="Installed the update again", helped=False)
    assert FiredCriterion.objects.get(key="troubleshooting").did == "proposed"
    assert consider(complaint_id=complaint.pk) == []


def test_what_helped_ends_the_count_of_what_did_not(complaint: Complaint, alice: User) -> None:
    for helped in (False, True, False):
        note_try(actor=actor(alice), complaint_id=complaint.pk, what="Restarted it", helped=helped)
    assert facts_of(complaint, now=clock.now()).failed_tries == 1


def test_a_customer_who_writes_twice_that_our_answer_did_not_help_goes_up(
    house: House, complaint: Complaint, alice: User
) -> None:
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    write(complaint, "I restarted it and that did not help.")
    reply(actor=actor(alice), complaint_id=complaint.pk, text="Please install the update.")
    write(complaint, "It made no difference.")
    assert not Handoff.objects.exists()
    reply(actor=actor(alice), complaint_id=complaint.pk, text="Please reset it.")
    write(complaint, "Still not working.")
    assert Handoff.objects.get().reason.startswith("When what was tried did not help")


def test_the_packet_says_what_was_tried(house: House, complaint: Complaint, alice: User) -> None:
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    for what in ("Restarted it", "Installed the update again"):
        note_try(actor=actor(alice), complaint_id=complaint.pk, what=what, helped=False)
    assert [one["what"] for one in Handoff.objects.get().packet["tries"]] == [
        "Restarted it",
        "Installed the update again",
    ]


def own_rules(folder: Path, *rules: str) -> str:
    """A file with these rules only."""
    text = BUILT_IN.read_text()
    head, tail = text[: text.index("[[rule]]")], text[text.index("[words.manager]") :]
    path = folder / "own.toml"
    path.write_text(head + "\n".join(f"[[rule]]\n{one}\n" for one in rules) + tail)
    return str(path)


@pytest.mark.parametrize(("percent", "minutes"), [(75, 46), (90, 55), (100, 61)])
def test_a_deadline_is_noticed_at_its_percentage_even_when_nothing_else_happens(
    house: House, alice: User, tmp_path: Path, settings: Any, percent: int, minutes: int
) -> None:
    settings.AMENDS_ESCALATION_CRITERIA = own_rules(
        tmp_path, f'key = "time"\non = "clock"\npercent = {percent}\naction = "propose"'
    )
    with clock.frozen_at(NOON):
        complaint = new_complaint(house.london)
        assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
        Clock.objects.filter(complaint=complaint).update(
            started_at=NOON, due_at=NOON + timedelta(hours=1), alarm_at=None
        )
    early = NOON + timedelta(minutes=60 * percent // 100 - 1)
    for moment, fired in (
        (early, 0),
        (NOON + timedelta(minutes=minutes), 1),
        (NOON + timedelta(minutes=minutes + 1), 0),
    ):
        with clock.frozen_at(moment):
            assert sweep_clocks() == fired
    assert FiredCriterion.objects.get().did == "proposed"


@pytest.mark.django_db(transaction=True)
def test_a_case_that_somebody_works_on_is_looked_at_the_next_time(house: House, tmp_path: Path, settings: Any) -> None:
    settings.AMENDS_ESCALATION_CRITERIA = own_rules(
        tmp_path, 'key = "time"\non = "clock"\npercent = 75\naction = "propose"'
    )
    with clock.frozen_at(NOON):
        held, other = new_complaint(house.london), new_complaint(house.london, text="Another matter altogether.")
        Clock.objects.update(started_at=NOON, due_at=NOON + timedelta(hours=1), alarm_at=None)

    def one_worker() -> int:
        try:
            with clock.frozen_at(NOON + timedelta(minutes=50)):
                return sweep_clocks()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        access_complaint(SYSTEM, held.pk, lock=True)
        assert pool.submit(one_worker).result(timeout=20) == 1
    assert [one.complaint for one in FiredCriterion.objects.all()] == [other]
    assert one_worker() == 1
    assert FiredCriterion.objects.count() == 2


def test_a_case_that_cannot_be_considered_keeps_no_other_down(
    house: House, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AMENDS_ESCALATION_CRITERIA = own_rules(
        tmp_path, 'key = "time"\non = "clock"\npercent = 75\naction = "propose"'
    )
    with clock.frozen_at(NOON):
        broken, other = new_complaint(house.london), new_complaint(house.london, text="Another matter altogether.")
        Clock.objects.update(started_at=NOON, due_at=NOON + timedelta(hours=1), alarm_at=None)
    whole = criteria.facts_of

    def facts(complaint: Complaint, **more: Any) -> Facts:
        if complaint == broken:
            raise ValueError("its facts cannot be read")
        return whole(complaint, **more)

    monkeypatch.setattr(criteria, "facts_of", facts)
    with clock.frozen_at(NOON + timedelta(minutes=50)), pytest.raises(RuntimeError, match="1 cases"):
        sweep_clocks()
    assert [one.complaint for one in FiredCriterion.objects.all()] == [other]


def test_a_deadline_that_was_kept_or_belongs_to_nobody_is_no_reason(
    house: House, tmp_path: Path, settings: Any
) -> None:
    settings.AMENDS_ESCALATION_CRITERIA = own_rules(
        tmp_path, 'key = "time"\non = "clock"\npercent = 75\naction = "propose"'
    )
    with clock.frozen_at(NOON):
        kept, ended = new_complaint(house.london), new_complaint(house.london)
        for one in (kept, ended):
            Clock.objects.filter(complaint=one).update(started_at=NOON, due_at=NOON + timedelta(hours=1), alarm_at=None)
        Clock.objects.filter(complaint=kept).update(stopped_at=NOON + timedelta(minutes=50), stopped_by="acknowledged")
        Complaint.objects.filter(pk=ended.pk).update(phase="withdrawn", waiting_for_us_since=None)
    with clock.frozen_at(NOON + timedelta(minutes=59)):
        assert sweep_clocks() == 0
        assert consider(complaint_id=kept.pk) == []
        assert facts_of(kept, now=clock.now(), past=True).clock_percent == 83


def test_a_rule_that_alerts_calls_the_people_in_charge_until_somebody_has_it(
    house: House, alice: User, dora: User, tmp_path: Path, settings: Any
) -> None:
    settings.AMENDS_ESCALATION_CRITERIA = own_rules(
        tmp_path, 'key = "worth"\non = "value_above"\namount = 100\naction = "alert"'
    )
    complaint = new_complaint(house.london, attributes={"value": "250.00"})
    assign(actor=actor(alice), complaint_id=complaint.pk, owner_id=alice.pk)
    for _ in range(2):
        consider(complaint_id=complaint.pk)
    alert = Alert.objects.get(kind="escalation")
    assert (alert.levels, alert.titles["en"]) == (
        [[alice.pk], [dora.pk]],
        f"{complaint.reference}: When it is about more than 100, the people in charge are alerted.",
    )
    assert alert.titles["de"].startswith(f"{complaint.reference}: Wenn ")
    assert FiredCriterion.objects.get().did == "alerted"
    with clock.frozen_at(alert.climbs_at):
        assert climb() == 1
    assert any(one.kind == "escalation" for one in unread(dora.pk))


def test_a_case_on_a_list_for_important_customers_alerts(
    house: House, complaint: Complaint, lena: User, ada: User
) -> None:
    made = create_list(actor=actor(ada), key="vip", name="Important", kind="important", restricted=False)
    list_case(actor=actor(lena), complaint_id=complaint.pk, list_id=made.pk)
    assert [one.did for one in consider(complaint_id=complaint.pk) if one.key == "important_customer"] == ["alerted"]


def test_a_customer_with_a_large_audience_alerts(house: House, lena: User) -> None:
    complaint = new_complaint(house.london, attributes={"followers": 25_000})
    assert [one.key for one in consider(complaint_id=complaint.pk)] == ["many_hear_it"]


def test_a_rule_that_escalates_hands_the_case_on_with_its_sentence(
    house: House, complaint: Complaint, tmp_path: Path, settings: Any
) -> None:
    settings.AMENDS_ESCALATION_CRITERIA = own_rules(
        tmp_path, 'key = "grave"\non = "severity"\nlevel = 2\naction = "escalate"'
    )
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    Complaint.objects.filter(pk=complaint.pk).update(severity=2)
    assert [one.did for one in consider(complaint_id=complaint.pk)] == ["escalated"]
    handoff = Handoff.objects.get()
    assert (handoff.to_team, handoff.state) == (house.specialists, "offered")
    assert handoff.packet["why"] == "When its severity is 2 or higher, the case is offered to the next team above."


def test_a_wrong_own_file_is_said_and_the_built_in_rules_hold(
    tmp_path: Path, settings: Any, client: Client, ada: User
) -> None:
    own = Path(own_rules(tmp_path, 'key = "late"\non = "clock"\npercent = 75\naction = "propose"'))
    own.write_text(own.read_text().replace("percent = 75", "percent = 7"))
    settings.AMENDS_ESCALATION_CRITERIA = str(own)
    line = own.read_text().splitlines().index("percent = 7") + 1
    assert criteria_problem().startswith(f"{own}, line {line}: rule.0.percent: ")
    assert criteria_in_force() == RULES
    client.force_login(ada)
    assert f"line {line}: rule.0.percent" in client.get("/escalation/").content.decode()
    own.write_text(own.read_text().replace("percent = 7", "percent = 77"))
    assert (criteria_problem(), criteria_in_force().rule[0].percent) == ("", 77)
    settings.AMENDS_ESCALATION_CRITERIA = str(tmp_path / "gone.toml")
    assert "cannot be read" in criteria_problem()


def test_the_page_shows_the_rules_with_how_often_each_fired(
    client: Client, complaint: Complaint, ada: User, alice: User
) -> None:
    with clock.frozen_at(clock.now() - timedelta(days=91)):
        FiredCriterion.objects.create(complaint=complaint, key="again", version="1", action="propose", did="proposed")
    FiredCriterion.objects.create(complaint=complaint, key="worth", version="1", action="propose", did="proposed")
    assert fired_lately() == {"worth": {"proposed": 1}}
    client.force_login(ada)
    page = unescape(client.get("/escalation/?try=1").content.decode())
    with translation.override("en"):
        assert [one.key for one in RULES.rule if one.sentence() not in page] == []
    worth = page[page.index("more than 1000") :]
    assert re.search(r"<strong>1 asked the owner</strong>", worth[: worth.index("</tr>")])
    assert "of the newest 1 cases" in page
    client.force_login(alice)
    assert client.get("/escalation/").status_code == 404


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
