"""The customer hears how it ended: at once where nothing needs reasons, from a person where something was refused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message, move, set_team, take
from amends.core import clock
from amends.handling.public import promise
from amends.notifications.public import unread
from tests.people import House, actor


@pytest.fixture
def case(house: House, complaint: Complaint, alice: User) -> Complaint:
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    take(actor=actor(alice), complaint_id=complaint.pk)
    return move(actor=actor(alice), complaint_id=complaint.pk, action="acknowledge")


def test_a_complaint_upheld_is_told_with_what_is_still_to_come(case: Complaint, alice: User) -> None:
    due = clock.now().date() + timedelta(days=3)
    promise(actor=actor(alice), complaint_id=case.pk, what="We send the new speaker", due=due)
    move(
        actor=actor(alice),
        complaint_id=case.pk,
        action="resolve",
        outcome="upheld",
        reason="Faulty board, internal note.",
    )
    letter = Message.objects.get(complaint=case, kind="resolved")
    assert "in your favour" in letter.text
    assert "We send the new speaker" in letter.text
    assert "internal note" not in letter.text
    assert alice.name in letter.text


def test_after_taking_it_up_again_the_second_ending_is_told_too(case: Complaint, alice: User) -> None:
    for _ in range(2):
        move(actor=actor(alice), complaint_id=case.pk, action="resolve", outcome="upheld", reason="Done.")
        move(actor=actor(alice), complaint_id=case.pk, action="reopen", reason="It came back.")
    assert Message.objects.filter(complaint=case, kind="resolved").count() == 2


def test_a_refusal_is_written_by_a_person(case: Complaint, alice: User) -> None:
    move(actor=actor(alice), complaint_id=case.pk, action="resolve", outcome="not_upheld", reason="Wear and tear.")
    assert not Message.objects.filter(complaint=case, kind="resolved").exists()
    assert any("why it was not upheld" in one.title for one in unread(alice.pk))
