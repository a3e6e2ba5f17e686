"""A complaint is registered exactly once, wholly or not at all."""

from __future__ import annotations

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM
from amends.audit.public import Record
from amends.cases.public import Complaint, Customer, IntakeKey, Message, NewComplaint, NewFile, Person, register
from amends.core.errors import BadInput, Conflict


def test_a_complaint_gets_the_next_reference_of_the_year(house: House) -> None:
    first, second = new_complaint(house.london), new_complaint(house.berlin, text="Something else went wrong.")
    assert first.reference is not None
    assert second.reference is not None
    year, number = first.reference.removeprefix("AM-").split("-")
    assert second.reference == f"AM-{year}-{int(number) + 1:06d}"


@pytest.mark.django_db(transaction=True)
def test_a_failed_registration_leaves_nothing_and_no_gap(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_complaint(house.london)
    with monkeypatch.context() as patch:
        patch.setattr("amends.cases.services.registration.publish", _explode)
        with pytest.raises(RuntimeError, match="boom"):
            new_complaint(house.london, text="This one fails half way.")
    assert Complaint.objects.count() == 1
    assert Message.objects.count() == 1
    third = new_complaint(house.london, text="And this one works.")
    assert first.reference is not None
    assert third.reference is not None
    assert int(third.reference[-6:]) == int(first.reference[-6:]) + 1


def _explode(event: object) -> None:
    raise RuntimeError("boom")


def test_the_same_key_is_the_same_complaint(house: House) -> None:
    new = NewComplaint(
        channel="api",
        complainant=Person(name="A"),
        unit_id=house.london.pk,
        text="Broken.",
        source="token:1",
        key="k-1",
    )
    first = register(actor=SYSTEM, new=new)
    again = register(actor=SYSTEM, new=new)
    assert (first.created, again.created) == (True, False)
    assert first.complaint.pk == again.complaint.pk


def test_the_same_key_for_other_words_is_refused(house: House) -> None:
    new = NewComplaint(
        channel="api",
        complainant=Person(name="A"),
        unit_id=house.london.pk,
        text="Broken.",
        source="token:1",
        key="k-1",
    )
    register(actor=SYSTEM, new=new)
    from dataclasses import replace

    with pytest.raises(Conflict, match="new key"):
        register(actor=SYSTEM, new=replace(new, text="Something else."))
    assert Complaint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_key_make_one_complaint(house: House) -> None:
    new = NewComplaint(
        channel="api",
        complainant=Person(email="a@example.org"),
        unit_id=house.london.pk,
        text="Broken.",
        source="t",
        key="k",
    )
    references: list[str | None] = []

    def run() -> None:
        try:
            references.append(register(actor=SYSTEM, new=new).complaint.reference)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(references) == 6
    assert len(set(references)) == 1
    assert Complaint.objects.count() == 1
    assert IntakeKey.objects.filter(source="t").count() == 1


def test_the_same_words_from_the_same_address_are_one_complaint(house: House) -> None:
    first = new_complaint(house.london, merge_same_words=True)
    again = new_complaint(house.london, merge_same_words=True)
    other = new_complaint(house.london, merge_same_words=True, text="Another matter altogether.")
    assert first.pk == again.pk
    assert other.pk != first.pk


def test_one_address_may_be_shared_by_two_people(house: House) -> None:
    one = new_complaint(house.london, complainant=Person(name="Ann", email="Family@Example.org"))
    two = new_complaint(house.london, complainant=Person(name="Ben", email="family@example.org"))
    three = new_complaint(house.london, complainant=Person(name="Ben", email="family@example.org ", phone="1"))
    assert one.customer_id != two.customer_id
    assert two.customer_id == three.customer_id
    assert Customer.objects.get(pk=two.customer_id).phone == "1"


def test_hostile_text_is_cleaned_and_oversized_is_refused(house: House) -> None:
    kept = new_complaint(house.london, text="Broken\x00 speaker\ud800.", subject="a\x00b\nc")
    assert kept.text == "Broken speaker."
    assert kept.subject == "ab c"
    with pytest.raises(BadInput, match="longer than 300"):
        new_complaint(house.london, complainant=Person(name="x" * 10_000))
    with pytest.raises(BadInput, match="both empty"):
        new_complaint(house.london, text=" \x00 ", subject="")
    assert Complaint.objects.count() == 1


def test_the_same_file_is_stored_once(house: House) -> None:
    file = NewFile(name="receipt.txt", content_type="text/plain", data=b"receipt")
    for number in range(2):
        new_complaint(house.london, text=f"Case {number}", files=[file])
    from amends.cases.public import Attachment, Blob

    assert Blob.objects.count() == 1
    assert Attachment.objects.count() == 2


def test_the_database_refuses_a_resolved_complaint_without_reason(complaint: Complaint) -> None:
    with pytest.raises(IntegrityError, match="outcome_and_reason"), transaction.atomic():
        Complaint.objects.filter(pk=complaint.pk).update(phase="resolved")


def test_registration_is_in_the_record_without_personal_data(complaint: Complaint) -> None:
    row = Record.objects.get(chain=f"complaint:{complaint.pk}", kind="registered")
    assert "maya" not in str(row.data).lower()
    assert len(row.data["text_sha256"]) == 64
