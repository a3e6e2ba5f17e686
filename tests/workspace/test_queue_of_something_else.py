"""Mail that is no complaint does not stand between the complaints: it has a queue of its own."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, record_assessment, set_team, take
from amends.triage.public import LaneName, decide_lane


@pytest.fixture
def thanks(house: House, lena: User) -> Complaint:
    """A letter of thanks: a person said that it is no complaint."""
    return set_aside(house, lena)


def set_aside(house: House, lena: User) -> Complaint:
    one = new_complaint(house.london, subject="Thank you all", text="Many thanks for the quick help in the shop.")
    record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en"})
    set_team(actor=SYSTEM, complaint_id=one.pk, team_id=house.care.pk)
    decide_lane(actor=actor(lena), complaint_id=one.pk, lane=LaneName.OTHER, done="")
    return one


def shown(client: Client, user: User, view: str) -> set[str]:
    client.force_login(user)
    page = client.get(f"/queue/{view}/").text
    return {one for one in Complaint.objects.values_list("reference", flat=True) if f'id="row-{one}"' in page}


def test_something_else_stands_in_its_own_queue_and_in_none_of_the_open_ones(
    client: Client, house: House, lena: User, thanks: Complaint, complaint: Complaint
) -> None:
    set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=house.care.pk)
    for view in ("team", "unassigned"):
        assert shown(client, lena, view) == {complaint.reference}
    assert shown(client, lena, "other") == {thanks.reference}
    assert shown(client, lena, "all") == {complaint.reference, thanks.reference}


def test_whoever_takes_something_else_finds_it_among_their_own(client: Client, alice: User, thanks: Complaint) -> None:
    take(actor=actor(alice), complaint_id=thanks.pk)
    assert shown(client, alice, "mine") == {thanks.reference}


def test_an_outsider_sees_nothing_in_the_queue_of_something_else(
    client: Client, charlie: User, thanks: Complaint
) -> None:
    assert shown(client, charlie, "other") == set()


@pytest.mark.parametrize("view", ["other", "team"])
def test_many_cases_take_no_more_queries(client: Client, house: House, lena: User, view: str) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/queue/{view}/")
        return len(captured)

    client.force_login(lena)
    set_aside(house, lena)
    set_team(actor=SYSTEM, complaint_id=new_complaint(house.london).pk, team_id=house.care.pk)
    few = asked()
    for _ in range(5):
        set_aside(house, lena)
        set_team(actor=SYSTEM, complaint_id=new_complaint(house.london).pk, team_id=house.care.pk)
    assert asked() <= few


def test_the_queue_speaks_german(client: Client, lena: User, thanks: Complaint) -> None:
    client.force_login(lena)
    page = client.get("/queue/other/?lang=de").text
    assert "Offene Post, die keine Beschwerde ist" in page
