"""Stuck cases are found by thresholds in a file, shown to whom they concern, and told of once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, TeamMember, User
from amends.cases.public import Complaint, assign, set_team, take
from amends.core import clock
from amends.notifications.public import unread
from amends.routing.stuck import send_digest, stuck_cases
from amends.routing.stuck_rules import BUILT_IN, Standing, StuckRulesError, Thresholds, read_thresholds, why_stuck

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
LIMITS = Thresholds(version="t", open_days=30, waiting_for_us_hours=48, waiting_for_customer_days=14, hand_overs=3)


def days(number: float) -> datetime:
    return NOW - timedelta(days=number)


@pytest.mark.parametrize(
    ("standing", "reasons"),
    [
        (Standing(days(1), days(1), days(1), 0), ()),
        (Standing(days(30), days(1), days(1), 0), ("old",)),
        (Standing(days(29.9), days(1), days(1.99), 2), ()),
        (Standing(days(3), days(1), days(2), 0), ("waits_for_us",)),
        (Standing(days(20), days(14), None, 0), ("waits_for_customer",)),
        (Standing(days(20), days(13), None, 0), ()),
        (Standing(days(2), days(1), days(1), 3), ("bounces",)),
        (Standing(days(90), days(20), None, 5), ("old", "waits_for_customer", "bounces")),
    ],
)
def test_a_case_is_stuck_for_each_reason_of_its_own(standing: Standing, reasons: tuple[str, ...]) -> None:
    assert why_stuck(standing, LIMITS, NOW) == reasons


def test_nought_switches_a_reason_off() -> None:
    never = Thresholds(version="t", open_days=0, waiting_for_us_hours=0, waiting_for_customer_days=0, hand_overs=0)
    assert why_stuck(Standing(days(900), days(900), days(900), 99), never, NOW) == ()
    assert why_stuck(Standing(days(900), days(900), None, 99), never, NOW) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("open_days = 30", "open_days = -1", "open_days"), ("hand_overs", "hand_ovens", "hand_ov"), ("=", "", "line 2")],
)
def test_wrong_thresholds_are_refused_with_file_and_reason(tmp_path: Path, old: str, new: str, said: str) -> None:
    wrong = tmp_path / "stuck.toml"
    wrong.write_text(BUILT_IN.read_text().replace(old, new, 1))
    with pytest.raises(StuckRulesError) as refused:
        read_thresholds(wrong)
    assert str(wrong) in str(refused.value)
    assert said in str(refused.value)


@pytest.fixture
def old_case(house: House, alice: User) -> Complaint:
    """Alice's case of 40 days ago, in the London queue."""
    with clock.frozen_at(clock.now() - timedelta(days=40)):
        case = new_complaint(house.london)
        set_team(actor=SYSTEM, complaint_id=case.pk, team_id=house.care.pk)
        take(actor=actor(alice), complaint_id=case.pk)
    return case


def test_owners_see_theirs_and_leads_those_they_may_see(
    old_case: Complaint, house: House, alice: User, lena: User, charlie: User
) -> None:
    new_complaint(house.london)
    assert [one.case.pk for one in stuck_cases(actor=actor(alice))] == [old_case.pk]
    assert [one.case.pk for one in stuck_cases(actor=actor(lena))] == [old_case.pk]
    assert stuck_cases(actor=actor(charlie)) == []


def test_a_case_that_bounces_between_people_is_stuck(house: House, alice: User, lena: User) -> None:
    case = new_complaint(house.london)
    set_team(actor=SYSTEM, complaint_id=case.pk, team_id=house.care.pk)
    for user in (alice, lena, alice):
        assign(actor=SYSTEM, complaint_id=case.pk, owner_id=user.pk)
    assert stuck_cases(actor=actor(lena)) == []
    assign(actor=SYSTEM, complaint_id=case.pk, owner_id=lena.pk)
    (found,) = stuck_cases(actor=actor(lena))
    assert (found.reasons, found.hand_overs) == (("bounces",), 3)


def test_owner_and_lead_hear_once_a_day(old_case: Complaint, house: House, alice: User, lena: User, bob: User) -> None:
    TeamMember.objects.filter(user=lena).update(leads=True)
    now = clock.now()
    assert [send_digest(now=now), send_digest(now=now + timedelta(minutes=1))] == [2, 0]
    assert send_digest(now=now + timedelta(days=1)) == 2
    for user in (alice, lena):
        titles = [one.title for one in unread(user.pk) if one.kind == "stuck_digest"]
        assert titles == ["1 case is stuck", "1 case is stuck"]
    assert [one for one in unread(bob.pk) if one.kind == "stuck_digest"] == []


def test_the_page_lists_them_with_their_reasons(old_case: Complaint, client: Client, alice: User) -> None:
    client.force_login(alice)
    page = client.get("/stuck/?why=old&page=x\x00")
    assert page.status_code == 200
    assert old_case.reference in page.content.decode()
    assert "open for too long" in page.content.decode()
