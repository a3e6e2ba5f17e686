"""Mail that is no complaint waits for nobody; and nobody is given a case while they leave."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, record_assessment, set_team
from amends.core import clock
from amends.routing.desk import set_desk, set_worker
from amends.routing.giving import assign_waiting
from amends.routing.leaving import say_presence, seen
from amends.routing.stuck import stuck_cases
from amends.triage.public import LaneName, decide_lane


def waiting(house: House) -> Complaint:
    one = new_complaint(house.london)
    record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en", "severity": 1})
    return set_team(actor=SYSTEM, complaint_id=one.pk, team_id=house.care.pk)


@pytest.mark.django_db
def test_mail_that_is_no_complaint_is_given_to_nobody_and_never_stuck(house: House, alice: User, lena: User) -> None:
    set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="free")
    thanks, complaint = waiting(house), waiting(house)
    decide_lane(actor=actor(lena), complaint_id=thanks.pk, lane=LaneName.OTHER, done="")
    seen(user_id=alice.pk)
    assert [one.case_id for one in assign_waiting(team_id=house.care.pk)] == [complaint.pk]
    later = clock.now() + timedelta(days=400)
    assert [one.case.pk for one in stuck_cases(actor=actor(lena), now=later)] == [complaint.pk]


@pytest.mark.django_db(transaction=True)
def test_nobody_keeps_an_unanswered_case_that_came_while_they_left(house: House, alice: User) -> None:
    set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="free")
    set_worker(actor=SYSTEM, user_id=alice.pk, capacity=100)
    who, failed = actor(alice), list[Exception]()
    for _round in range(4):
        for _ in range(3):
            waiting(house)
        say_presence(actor=who, word="here")
        gate = threading.Barrier(4)

        def together(leave: bool, gate: threading.Barrier = gate) -> None:
            try:
                gate.wait(timeout=20)
                if leave:
                    say_presence(actor=who, word="off")
                else:
                    assign_waiting(team_id=house.care.pk)
            except Exception as error:  # noqa: BLE001  # shown by the assertion
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=together, args=(number == 0,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert not Complaint.objects.filter(owner=alice).exists()
