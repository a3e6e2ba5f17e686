"""The record is append-only, and whoever changes it in SQL is found out by name."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM
from amends.audit.models import Record, Seal
from amends.audit.public import record, seal, verify
from amends.cases.public import Complaint, add_note


def _behind_the_back(statement: str) -> None:
    """Change the table as its owner can: with the triggers off."""
    with connection.cursor() as cursor:
        for table in ("audit_record", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        for table in ("audit_record", "audit_seal"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_an_untouched_record_is_whole(complaint: Complaint) -> None:
    add_note(actor=SYSTEM, complaint_id=complaint.pk, text="Called her back.")
    assert seal() >= 2
    result = verify()
    assert result.whole, result.problems
    assert result.rows == Record.objects.count()
    assert result.unsealed == 0


def test_the_database_refuses_to_change_the_record(complaint: Complaint) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Record.objects.update(kind="nothing")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Record.objects.all()._raw_delete("default")


def test_a_row_changed_in_sql_is_named(complaint: Complaint) -> None:
    row = Record.objects.get(chain=f"complaint:{complaint.pk}", kind="registered")
    _behind_the_back(f"UPDATE audit_record SET data = '{{}}' WHERE id = {row.pk}")
    problems = verify().problems
    assert any(
        f"Row {row.pk} (complaint:{complaint.pk}, number 0, registered)" in one and "changed" in one for one in problems
    )


def test_a_removed_row_is_named_by_its_place(complaint: Complaint) -> None:
    for text in ("one", "two", "three"):
        add_note(actor=SYSTEM, complaint_id=complaint.pk, text=text)
    gone = Record.objects.filter(chain=f"complaint:{complaint.pk}", kind="note_added").order_by("seq")[1]
    _behind_the_back(f"DELETE FROM audit_record WHERE id = {gone.pk}")
    assert any(f"number {gone.seq} is missing" in one for one in verify().problems)


def test_a_chain_that_disappears_whole_is_missed_by_its_seal(house: House) -> None:
    first, second = new_complaint(house.london), new_complaint(house.berlin, text="Another.")
    seal()
    _behind_the_back(f"DELETE FROM audit_record WHERE chain = 'complaint:{second.pk}'")
    problems = verify().problems
    assert any(one.startswith("Seal 1") for one in problems)
    assert first.pk != second.pk


def test_a_rewritten_seal_is_found(complaint: Complaint) -> None:
    seal()
    record(actor=SYSTEM, chain="user:1", kind="something", data={})
    seal()
    assert Seal.objects.count() == 2
    _behind_the_back("UPDATE audit_seal SET hash = decode(repeat('00', 32), 'hex') WHERE number = 1")
    assert any(one.startswith("Seal 2") for one in verify().problems)


def test_sealing_twice_seals_nothing_new(complaint: Complaint) -> None:
    assert seal() > 0
    assert seal() == 0
