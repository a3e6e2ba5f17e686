"""A case goes to somebody who can solve it, with all that is known, and nobody who should not sees it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message, add_note, add_point, confirm_points, record_assessment, set_team
from amends.core.errors import BadInput, Conflict, NotFound
from amends.notifications.public import unread
from amends.routing.models import Handoff
from amends.routing.public import accept_handoff, escalate, return_handoff


@pytest.fixture
def case(house: House, complaint: Complaint) -> Complaint:
    """A case in the queue of the London team, with a point and a note."""
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    add_point(actor=SYSTEM, complaint_id=complaint.pk, words="nobody answered my e-mail")
    confirm_points(actor=SYSTEM, complaint_id=complaint.pk)
    add_note(actor=SYSTEM, complaint_id=complaint.pk, text="Tried a reset: no change.")
    complaint.refresh_from_db()
    return complaint


def test_an_assessed_case_finds_its_team_and_the_team_is_told_once(
    house: House, alice: User, lena: User, charlie: User
) -> None:
    complaint = new_complaint(house.london)
    for _ in range(2):
        record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"language": "en", "severity": 2})
    complaint.refresh_from_db()
    assert complaint.team == house.care
    assert len([one for one in unread(alice.pk) if one.complaint_id == complaint.pk]) == 1
    assert unread(charlie.pk) == []


def test_a_serious_case_reaches_the_director_at_once(house: House, alice: User, dora: User) -> None:
    complaint = new_complaint(house.london)
    record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"severity": 4, "safety": True})
    assert [one.kind for one in unread(dora.pk)] == ["serious_case"]


def test_escalation_carries_a_packet_and_waits_for_somebody_to_accept(
    case: Complaint, house: House, alice: User, bob: User
) -> None:
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs the firmware team.")
    assert handoff.to_team == house.specialists
    assert handoff.packet["points"] == [{"words": "nobody answered my e-mail", "confirmed": True}]
    assert "Tried a reset" in handoff.packet["tried"][0]["text"]
    assert any(one.kind == "handoff" for one in unread(bob.pk))
    case.refresh_from_db()
    assert case.tier == 1

    accept_handoff(actor=actor(bob), handoff_id=handoff.pk)
    case.refresh_from_db()
    assert (case.tier, case.team, case.owner) == (2, house.specialists, bob)
    assert any("accepted" in one.title for one in unread(alice.pk))
    notice = Message.objects.get(complaint=case, kind="handoff_notice")
    assert bob.name in notice.text


def test_only_one_accepts(case: Complaint, alice: User, bob: User) -> None:
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs the firmware team.")
    accept_handoff(actor=actor(bob), handoff_id=handoff.pk)
    with pytest.raises(Conflict):
        accept_handoff(actor=actor(bob), handoff_id=handoff.pk)
    assert Message.objects.filter(complaint=case, kind="handoff_notice").count() == 1


def test_a_second_offer_while_one_waits_is_refused(case: Complaint, alice: User) -> None:
    escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs the firmware team.")
    with pytest.raises(Conflict, match="waits"):
        escalate(actor=actor(alice), complaint_id=case.pk, reason="Again.")
    assert Handoff.objects.count() == 1


def test_a_return_needs_a_reason_and_tells_the_giver(case: Complaint, alice: User, bob: User) -> None:
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs the firmware team.")
    with pytest.raises(BadInput, match="Say why"):
        return_handoff(actor=actor(bob), handoff_id=handoff.pk, reason=" ")
    return_handoff(actor=actor(bob), handoff_id=handoff.pk, reason="Please ask for the serial number first.")
    case.refresh_from_db()
    assert case.tier == 1
    assert any("returned" in one.title for one in unread(alice.pk))
    escalate(actor=actor(alice), complaint_id=case.pk, reason="Now with the serial number.")


def test_escalation_without_a_reason_is_refused(case: Complaint, alice: User) -> None:
    with pytest.raises(BadInput, match="Say why"):
        escalate(actor=actor(alice), complaint_id=case.pk, reason="")


def test_the_outsider_neither_escalates_nor_accepts(case: Complaint, alice: User, charlie: User) -> None:
    with pytest.raises(NotFound):
        escalate(actor=actor(charlie), complaint_id=case.pk, reason="Mine now.")
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs the firmware team.")
    with pytest.raises(NotFound):
        accept_handoff(actor=actor(charlie), handoff_id=handoff.pk)


def test_somebody_outside_the_receiving_team_cannot_accept(case: Complaint, alice: User, bob: User) -> None:
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs the firmware team.")
    with pytest.raises(NotFound):
        accept_handoff(actor=actor(alice), handoff_id=handoff.pk)


def test_the_database_holds_the_states_together(case: Complaint, alice: User) -> None:
    handoff = escalate(actor=actor(alice), complaint_id=case.pk, reason="Needs the firmware team.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.filter(pk=handoff.pk).update(state="accepted")


def test_the_api_escalates_and_accepts(client: Client, case: Complaint, token: str, bob: User, house: House) -> None:
    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(
            f"/api/v1/{path}", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
        )

    offered = post(f"complaints/{case.reference}/escalate", {"reason": "Needs experts.", "team": "specialists"})
    assert offered.status_code == 201, offered.content
    assert post(f"complaints/{case.reference}/escalate", {"reason": "x", "team": "nowhere"}).status_code == 422
    accepted = post(f"handoffs/{offered.json()['id']}/accept", {})
    assert accepted.json()["state"] == "accepted"
    assert post("handoffs/999999/accept", {}).status_code == 404
