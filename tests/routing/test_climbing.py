"""A hand-off that nobody accepts climbs; the customer hears once, from whoever takes it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client
from tests.people import House, actor, new_complaint, person

from amends.accounts.public import SYSTEM, Role, Team, User
from amends.audit.public import records_of
from amends.cases.public import Complaint, Message, set_team
from amends.core.errors import BadInput, NotAllowed
from amends.handling.public import answer_question, promise
from amends.notifications.public import Alert, unread
from amends.routing.climbing import climb_handoffs, minutes_to_accept
from amends.routing.models import Handoff
from amends.routing.paths import next_team, path_for, set_path
from amends.routing.public import accept_handoff, escalate, return_handoff


@pytest.fixture
def top(house: House) -> Team:
    """A third tier above the specialists."""
    board = Team.objects.create(key="board", name="Head office", unit=house.root, tier=3)
    Team.objects.filter(pk=house.specialists.pk).update(escalates_to=board)
    return board


@pytest.fixture
def olga(house: House, top: Team) -> User:
    """Somebody of the head office."""
    return person("Olga", [(house.root, Role.SPECIALIST)], [top])


@pytest.fixture
def case(house: House, complaint: Complaint) -> Complaint:
    """A case in the queue of the London team."""
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    complaint.refresh_from_db()
    return complaint


def test_nobody_accepts_so_the_next_team_is_asked_and_then_the_people_in_charge(
    case: Complaint, alice: User, bob: User, dora: User, olga: User, top: Team
) -> None:
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs experts.")
    assert handoff.climbs_at is not None
    assert handoff.climbs_at - handoff.created_at >= timedelta(minutes=minutes_to_accept(case.severity) - 1)
    assert climb_handoffs(now=handoff.climbs_at - timedelta(seconds=1)) == 0
    assert climb_handoffs(now=handoff.climbs_at) == 1
    handoff.refresh_from_db()
    assert (handoff.to_team, handoff.climbs) == (top, 1)
    assert any("nobody accepted" in one.title for one in unread(olga.pk))
    assert any("nobody accepted" in one.title for one in unread(alice.pk))
    last = handoff.climbs_at
    assert last is not None
    assert (climb_handoffs(now=last), climb_handoffs(now=last + timedelta(days=9))) == (1, 0)
    alert = Alert.objects.get(key=f"handoff:{handoff.pk}:top")
    assert alert.levels == [[olga.pk], [dora.pk]]
    kinds = [one.kind for one in records_of(f"complaint:{case.pk}")]
    assert kinds.count("handoff_climbed") == 2
    accept_handoff(actor=actor(olga), handoff_id=handoff.pk)
    alert.refresh_from_db()
    assert (alert.answered_by, alert.climbs_at) == (olga, None)


def test_the_customer_hears_once_whatever_was_returned_and_climbed(
    case: Complaint, alice: User, bob: User, olga: User
) -> None:
    first = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs experts.")
    return_handoff(actor=actor(bob), handoff_id=first.pk, reason="Which serial number?")
    second = escalate(actor=actor(alice), complaint_id=case.pk, reason="Serial number 7.")
    climb_handoffs(now=second.climbs_at)
    assert not Message.objects.filter(complaint=case, kind="handoff_notice").exists()
    accept_handoff(actor=actor(olga), handoff_id=second.pk)
    notice = Message.objects.get(complaint=case, kind="handoff_notice")
    assert olga.name in notice.text
    assert "explain anything again" in notice.text


def test_the_packet_holds_promises_what_was_found_out_and_why_it_comes(case: Complaint, alice: User) -> None:
    from amends.handling.public import playbook_for

    promise(actor=actor(alice), complaint_id=case.pk, what="A call by Friday", due=date(2099, 1, 2))
    question = playbook_for(case).questions[0]
    text = question.choices[0].key if question.choices else "It happened on Monday."
    answer_question(actor=actor(alice), complaint_id=case.pk, question_key=question.key, text=text)
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs experts.")
    assert handoff.packet["promises"] == [{"what": "A call by Friday", "due": "2099-01-02", "state": "open"}]
    assert handoff.packet["found_out"][0]["question"] == question.ask.in_language("en")
    assert handoff.packet["why"] == "Needs experts."
    assert {"summary", "points", "tried", "told", "mood", "clocks", "last_word"} <= set(handoff.packet)


def test_a_units_path_is_inherited_and_can_be_changed_for_one_unit(
    house: House, ada: User, bob: User, olga: User, charlie: User, top: Team
) -> None:
    set_path(actor=actor(ada), unit_id=house.root.pk, teams={2: house.specialists.pk, 3: top.pk}, reason="So it is.")
    assert path_for(house.london) == {2: house.specialists, 3: top}
    set_path(actor=actor(ada), unit_id=house.london.pk, teams={2: house.berlin_team.pk}, reason="Near.")
    assert path_for(house.london) == {2: house.berlin_team, 3: top}
    assert path_for(house.berlin) == {2: house.specialists, 3: top}
    case = new_complaint(house.london)
    assert next_team(case, team=house.care, tier=1) == house.berlin_team
    assert next_team(case, team=house.care, tier=1, asked=[house.berlin_team.pk]) == top
    assert next_team(case, team=top, tier=3) is None


def test_a_path_with_an_unknown_team_or_tier_is_refused(house: House, ada: User, alice: User) -> None:
    with pytest.raises(BadInput, match="not known"):
        set_path(actor=actor(ada), unit_id=house.root.pk, teams={2: 10**9})
    with pytest.raises(BadInput, match="tier 2"):
        set_path(actor=actor(ada), unit_id=house.root.pk, teams={1: house.care.pk})
    with pytest.raises(NotAllowed):
        set_path(actor=actor(alice), unit_id=house.root.pk, teams={})


def test_the_api_shows_and_changes_the_path(client: Client, house: House, bob: User, token: str) -> None:
    headers, where = {"Authorization": f"Bearer {token}"}, "/api/v1/units/london/escalation-path"
    changed = client.put(where, {"path": {"2": "specialists"}}, content_type="application/json", headers=headers)
    assert changed.json() == {"path": {"2": "specialists"}}
    assert client.get(where, headers=headers).json() == changed.json()
    wrong = client.put(where, {"path": {"9": "specialists"}}, content_type="application/json", headers=headers)
    assert wrong.status_code == 422


def test_an_accepted_handoff_does_not_climb(case: Complaint, alice: User, bob: User) -> None:
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs experts.")
    accept_handoff(actor=actor(bob), handoff_id=handoff.pk)
    assert climb_handoffs(now=(handoff.climbs_at or handoff.created_at) + timedelta(days=1)) == 0
    assert Handoff.objects.get().climbs == 0
