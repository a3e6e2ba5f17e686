"""Two people press at the same moment: each on a connection of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from amends.accounts.public import User
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.core.errors import AmendsError
from amends.handling.models import Promise, Proposal
from amends.handling.public import answer_proposal, complete_step, send_proposal, withdraw_proposal
from tests.handling.fixtures import MONDAY, draft
from tests.people import actor


@pytest.mark.django_db(transaction=True)
def test_two_people_pressing_at_once_send_one_proposal(alice: User, bob: User, complaint: Complaint) -> None:
    with clock.frozen_at(MONDAY):
        proposal = draft(actor(alice), complaint)
    outcomes = at_once(lambda who: send_proposal(actor=who, proposal_id=proposal.pk), [actor(alice), actor(bob)])
    assert sorted(outcomes) == ["Conflict", "done"]
    assert Message.objects.filter(complaint=complaint, kind="proposal").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_drafts_at_once_are_one_proposal(alice: User, bob: User, complaint: Complaint) -> None:
    outcomes = at_once(lambda who: draft(who, complaint), [actor(alice), actor(bob)])
    assert outcomes == ["done", "done"], "the second one writes the draft anew"
    assert Proposal.objects.filter(complaint=complaint).count() == 1


def at_once(act: Callable[[Any], Any], actors: list[Any]) -> list[str]:
    """Do the same as several people at the same moment, each on a connection of its own; how each ended."""
    start = threading.Barrier(len(actors))
    outcomes: list[str] = []

    def press(who: Any) -> None:
        try:
            start.wait(timeout=10)
            with clock.frozen_at(MONDAY):
                act(who)
            outcomes.append("done")
        except AmendsError as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(who,)) for who in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_a_yes_and_a_withdrawal_at_once_leave_one_truth(alice: User, bob: User, complaint: Complaint) -> None:
    with clock.frozen_at(MONDAY):
        proposal = send_proposal(actor=actor(alice), proposal_id=draft(actor(alice), complaint).pk)

    def press(who: Any) -> None:
        if who.id == alice.pk:
            answer_proposal(actor=who, proposal_id=proposal.pk, answer="accepted", words="By phone")
        else:
            withdraw_proposal(actor=who, proposal_id=proposal.pk, reason="The price was wrong")

    assert sorted(at_once(press, [actor(alice), actor(bob)])) == ["Conflict", "done"]
    proposal.refresh_from_db()
    complaint.refresh_from_db()
    assert (proposal.state, complaint.phase, Promise.objects.count()) in (
        ("accepted", "agreed", 2),
        ("withdrawn", "investigating", 0),
    )


@pytest.mark.django_db(transaction=True)
def test_a_step_pressed_twice_is_done_once(alice: User, bob: User, complaint: Complaint) -> None:
    with clock.frozen_at(MONDAY):
        proposal = send_proposal(actor=actor(alice), proposal_id=draft(actor(alice), complaint).pk)
        answer_proposal(actor=actor(alice), proposal_id=proposal.pk, answer="accepted", words="By phone")
    step = proposal.steps.all()[0]
    outcomes = at_once(lambda who: complete_step(actor=who, step_id=step.pk), [actor(alice), actor(bob)])
    assert sorted(outcomes) == ["Conflict", "done"]
    assert Promise.objects.get(step=step).state == "kept"
