"""The parts of a piece of work share what they read and write together; a part that may fail alone does neither."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM, User, actor_for_user
from amends.audit.models import Record
from amends.audit.services import record
from amends.audit.verify import verify
from amends.cases.policy import access_complaint
from amends.cases.services.work import set_next_due
from amends.core.errors import NotFound
from amends.core.together import known, piece_of_work, read_once, share, together

pytestmark = pytest.mark.django_db


def kinds(chain: str) -> list[str]:
    return list(Record.objects.filter(chain=chain).order_by("seq").values_list("kind", flat=True))


def test_rows_of_the_record_are_written_at_the_end_in_their_order_and_the_chain_holds() -> None:
    with piece_of_work():
        for number in range(3):
            record(actor=SYSTEM, chain="subject:1", kind=f"kind_{number}")
            record(actor=SYSTEM, chain="subject:2", kind=f"other_{number}")
        assert kinds("subject:1") == []
    assert kinds("subject:1") == ["kind_0", "kind_1", "kind_2"]
    assert kinds("subject:2") == ["other_0", "other_1", "other_2"]
    record(actor=SYSTEM, chain="subject:1", kind="later")
    assert kinds("subject:1")[-1] == "later"
    assert verify().problems == []


def test_all_rows_of_one_chain_cost_two_statements() -> None:
    with CaptureQueriesContext(connection) as asked, piece_of_work():
        for number in range(5):
            record(actor=SYSTEM, chain="subject:3", kind=f"kind_{number}")
    assert sum("audit" in one["sql"] for one in asked) == 2


def test_what_is_recorded_before_a_part_that_fails_stays_and_comes_first() -> None:
    def part() -> None:
        with transaction.atomic():
            record(actor=SYSTEM, chain="subject:4", kind="in_the_part")
            raise ValueError("the part")

    with piece_of_work():
        record(actor=SYSTEM, chain="subject:4", kind="before")
        with pytest.raises(ValueError, match="the part"):
            part()
        with transaction.atomic():
            record(actor=SYSTEM, chain="subject:4", kind="in_another_part")
        record(actor=SYSTEM, chain="subject:4", kind="after")
    assert kinds("subject:4") == ["before", "in_another_part", "after"]


def test_a_piece_that_fails_leaves_nothing() -> None:
    def piece() -> None:
        with piece_of_work():
            record(actor=SYSTEM, chain="subject:5", kind="lost")
            raise ValueError("the piece")

    with pytest.raises(ValueError, match="the piece"):
        piece()
    assert kinds("subject:5") == []


def test_the_locked_case_is_one_object_for_every_verb(house: House) -> None:
    case = new_complaint(house.london)
    with piece_of_work():
        mine = access_complaint(SYSTEM, case.pk, lock=True)
        assert access_complaint(SYSTEM, case.pk, lock=True) is mine
        assert access_complaint(SYSTEM, case.pk) is mine
        due = datetime(2030, 1, 1, tzinfo=UTC)
        set_next_due(complaint_id=case.pk, due_at=due, kind="answer")
        assert (mine.next_due_at, mine.next_due_kind) == (due, "answer")
    case.refresh_from_db()
    assert (case.next_due_at, case.next_due_kind) == (due, "answer")
    assert access_complaint(SYSTEM, case.pk) is not mine


def test_a_case_changed_in_a_part_that_fails_is_read_anew(house: House) -> None:
    case = new_complaint(house.london)

    def part() -> None:
        with transaction.atomic():
            theirs = access_complaint(SYSTEM, case.pk, lock=True)
            theirs.tier = 5
            theirs.save(update_fields=["tier"])
            raise ValueError("the part")

    with piece_of_work():
        mine = access_complaint(SYSTEM, case.pk, lock=True)
        with pytest.raises(ValueError, match="the part"):
            part()
        again = access_complaint(SYSTEM, case.pk, lock=True)
        assert again is not mine
        assert again.tier == mine.tier != 5


def test_a_piece_within_a_part_changes_what_the_outer_one_sees(house: House) -> None:
    case = new_complaint(house.london)
    with piece_of_work():
        access_complaint(SYSTEM, case.pk, lock=True)
        with transaction.atomic(), piece_of_work():
            inner = access_complaint(SYSTEM, case.pk, lock=True)
            inner.tier = 3
            inner.save(update_fields=["tier"])
        assert access_complaint(SYSTEM, case.pk).tier == 3


def test_only_the_system_gets_the_shared_case(house: House, charlie: User) -> None:
    case = new_complaint(house.london)
    with piece_of_work():
        access_complaint(SYSTEM, case.pk, lock=True)
        with pytest.raises(NotFound):
            access_complaint(actor_for_user(charlie), case.pk)


def test_what_is_read_once_is_read_again_outside() -> None:
    reads: list[int] = []

    def read() -> int:
        reads.append(1)
        return len(reads)

    assert (read_once("x", read), read_once("x", read)) == (1, 2)
    with piece_of_work():
        assert (read_once("x", read), read_once("x", read)) == (3, 3)
        with transaction.atomic():
            assert read_once("x", read) == 4
        share("y", 1)
        with together():
            assert known("y") == 1
    assert known("y") is None
