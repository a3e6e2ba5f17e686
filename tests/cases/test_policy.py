"""Who sees a case: their units, and whatever is in the queue of their team."""

from __future__ import annotations

import pytest
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import access_complaint, set_team, take, visible_complaints
from amends.core.errors import NotFound
from amends.workspace.news import addressed_to


def test_a_case_of_the_whole_organisation_is_visible_to_the_team_that_has_it(
    house: House, alice: User, charlie: User
) -> None:
    complaint = new_complaint(house.root)
    with pytest.raises(NotFound):
        access_complaint(actor(alice), complaint.pk)
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    assert access_complaint(actor(alice), complaint.pk).pk == complaint.pk
    assert list(visible_complaints(actor(alice))) == [complaint]
    take(actor=actor(alice), complaint_id=complaint.pk)
    with pytest.raises(NotFound):
        access_complaint(actor(charlie), complaint.pk)


def test_news_of_a_case_reaches_its_team_and_nobody_else(house: House, alice: User, charlie: User) -> None:
    news = {"topic": "case_changed", "complaint": 1, "unit": house.root.pk, "team": house.care.pk}
    assert addressed_to(news, actor(alice)) is not None
    assert addressed_to(news, actor(charlie)) is None
