"""Somebody whom a complaint is about is known for it, once, and outsiders cannot note anybody."""

from __future__ import annotations

import pytest
from tests.people import actor

from amends.accounts.public import User
from amends.audit.public import records_of
from amends.cases.public import Complaint
from amends.core.errors import BadInput, NotFound
from amends.routing.public import note_staff_concerned, staff_complained_about


def test_staff_concerned_are_noted_once_and_recorded(complaint: Complaint, alice: User, bob: User) -> None:
    first = note_staff_concerned(actor=actor(alice), complaint_id=complaint.pk, user_ids=[bob.pk])
    again = note_staff_concerned(actor=actor(alice), complaint_id=complaint.pk, user_ids=[bob.pk])
    assert (first, again) == ([bob.pk], [])
    assert staff_complained_about(complaint.pk) == [bob.pk]
    kinds = [one.kind for one in records_of(f"complaint:{complaint.pk}")]
    assert kinds.count("staff_concerned") == 1


def test_an_outsider_can_note_nobody(complaint: Complaint, alice: User, charlie: User) -> None:
    with pytest.raises(NotFound):
        note_staff_concerned(actor=actor(charlie), complaint_id=complaint.pk, user_ids=[alice.pk])


def test_somebody_unknown_is_refused(complaint: Complaint, alice: User) -> None:
    with pytest.raises(BadInput, match="not known"):
        note_staff_concerned(actor=actor(alice), complaint_id=complaint.pk, user_ids=[10**9])
    assert staff_complained_about(complaint.pk) == []
