"""A registered complaint is assessed by a job, corrected by people, and what they corrected stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from amends.accounts.public import SYSTEM, User, actor_for_user
from amends.audit.public import records_of
from amends.cases.public import Complaint, points_of
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.triage import jobs
from amends.triage.models import Correction
from amends.triage.public import assess_complaint, catch_up, correct, corrections_of, stored_assessment
from tests.people import House, new_complaint

pytestmark = pytest.mark.urls("tests.triage.urls")
DANGER = "The charger of my Aria One caught fire last night and burned my hand. I want my money back."


def kinds(complaint: Complaint) -> list[str]:
    return [row.kind for row in records_of(f"complaint:{complaint.pk}")]


def waiting_jobs(complaint: Complaint) -> int:
    return ProcrastinateJob.objects.filter(task_name="triage.assess", args={"complaint_id": complaint.pk}).count()


def test_registering_a_complaint_asks_for_its_assessment_in_the_same_transaction(house: House) -> None:
    complaint = new_complaint(house.london)
    assert waiting_jobs(complaint) == 1
    assert complaint.assessed_at is None


def test_an_imported_complaint_waits_for_the_catch_up(house: House) -> None:
    complaint = new_complaint(house.london, imported=True)
    assert waiting_jobs(complaint) == 0
    assert catch_up(now=clock.now()) == 0, "two minutes have not passed"
    assert catch_up(now=clock.now() + timedelta(minutes=3)) == 1
    complaint.refresh_from_db()
    assert complaint.assessed_at is not None
    assert complaint.label == "complaint"


def test_the_job_writes_values_points_and_reasons_into_the_case(house: House) -> None:
    complaint = new_complaint(house.london, subject="Charger", text=DANGER)
    assert jobs.assess(complaint_id=complaint.pk) == "complaint, severity 4"
    complaint.refresh_from_db()
    assert (complaint.category, complaint.severity, complaint.safety) == ("goods_quality", 4, True)
    assert (complaint.language, complaint.label) == ("en", "complaint")
    assert complaint.desired_outcome == "I want my money back"
    assert complaint.sentiment is not None
    assert complaint.sentiment < 0
    points = points_of(complaint)
    assert [point.aspect for point in points] == ["goods_quality", "safety"]
    assert all(point.words in DANGER for point in points)
    stored = stored_assessment(complaint)
    assert stored is not None
    assert any("caught fire" in reason["because"] for reason in stored.reasons)


def test_the_job_run_twice_changes_nothing_the_second_time(house: House) -> None:
    complaint = new_complaint(house.london)
    first = assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    before = kinds(complaint)
    second = assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    assert second.assessed_at == first.assessed_at
    assert kinds(complaint) == before
    assert before.count("assessed") == 1


def test_a_job_for_a_complaint_that_is_gone_says_so(db: None) -> None:
    assert jobs.assess(complaint_id=987_654_321) == "there is no such complaint any more"


def test_the_language_given_at_registration_decides_when_the_text_is_too_short(house: House) -> None:
    complaint = new_complaint(house.london, subject="", text="???!")
    Complaint.objects.filter(pk=complaint.pk).update(language="de")
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    complaint.refresh_from_db()
    assert complaint.language == "de"


def test_a_correction_is_kept_with_its_author_and_survives_a_new_assessment(house: House, alice: User) -> None:
    complaint = new_complaint(house.london)
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    correct(actor=actor_for_user(alice), complaint_id=complaint.pk, values={"severity": 4, "category": "price"})
    corrections = corrections_of(complaint)
    assert {one.field: one.after for one in corrections} == {"severity": 4, "category": "price"}
    assert all(one.by == alice for one in corrections)
    Complaint.objects.filter(pk=complaint.pk).update(text="The lamp is broken.")
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    complaint.refresh_from_db()
    assert (complaint.severity, complaint.category) == (4, "price")
    assert kinds(complaint).count("assessment_corrected") == 1


def test_correcting_to_what_it_is_already_leaves_no_trace(house: House, alice: User) -> None:
    complaint = new_complaint(house.london)
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    complaint.refresh_from_db()
    before = kinds(complaint)
    correct(actor=actor_for_user(alice), complaint_id=complaint.pk, values={"severity": complaint.severity})
    assert kinds(complaint) == before
    assert corrections_of(complaint) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("severity", 5),
        ("severity", True),
        ("severity", "2"),
        ("label", "spam"),
        ("category", "weather"),
        ("safety", "yes"),
        ("language", "English"),
        ("language", "d\x00"),
        ("phase", "closed"),
        ("desired_outcome", "a pony"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused_with_a_sentence(
    house: House, alice: User, field: str, value: object
) -> None:
    complaint = new_complaint(house.london)
    with pytest.raises(BadInput, match=r"\.$"):
        correct(actor=actor_for_user(alice), complaint_id=complaint.pk, values={field: value})
    assert not Correction.objects.exists()


def test_an_outsider_can_neither_assess_nor_correct(house: House, charlie: User) -> None:
    complaint = new_complaint(house.london)
    outsider = actor_for_user(charlie)
    with pytest.raises(NotFound):
        correct(actor=outsider, complaint_id=complaint.pk, values={"severity": 1})
    with pytest.raises(NotFound):
        assess_complaint(actor=outsider, complaint_id=complaint.pk)


def test_somebody_who_only_reads_cannot_correct(house: House, conny: User) -> None:
    complaint = new_complaint(house.london)
    with pytest.raises(NotAllowed):
        correct(actor=actor_for_user(conny), complaint_id=complaint.pk, values={"severity": 1})


def test_the_database_refuses_a_correction_of_an_unknown_field(house: House) -> None:
    complaint = new_complaint(house.london)
    with pytest.raises(IntegrityError, match="correction_field_known"), transaction.atomic():
        Correction.objects.create(complaint=complaint, field="phase", before="a", after="b", by_name="x")
    with pytest.raises(IntegrityError, match="correction_changes_something"), transaction.atomic():
        Correction.objects.create(complaint=complaint, field="severity", before=2, after=2, by_name="x")


def test_one_that_cannot_be_assessed_does_not_stop_the_catch_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (new_complaint(house.london, imported=True, text=f"Broken lamp {n}") for n in (1, 2))
    from amends.triage import services

    real = services.assess_complaint

    def fail_for_the_first(**values: Any) -> Any:
        if values["complaint_id"] == first.pk:
            raise RuntimeError("a broken row")
        return real(**values)

    monkeypatch.setattr(services, "assess_complaint", fail_for_the_first)
    assert catch_up(now=datetime.now(tz=UTC) + timedelta(minutes=3)) == 1  # noqa: TID251  # a moment after registration
    second.refresh_from_db()
    assert second.assessed_at is not None


def test_the_panel_says_what_is_thought_and_why(client: Client, house: House, alice: User) -> None:
    complaint = new_complaint(house.london, text=DANGER)
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    client.force_login(alice)
    page = client.get(f"/cases/{complaint.reference}/panels/assessment/").content.decode()
    assert "4 · danger or great loss" in page
    assert "caught fire" in page
    assert "Danger to somebody" in page


def test_the_form_of_the_panel_corrects_and_shows_who_did(client: Client, house: House, alice: User) -> None:
    complaint = new_complaint(house.london, text=DANGER)
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    client.force_login(alice)
    form = {"severity": "2", "category": "service", "flags": "shown", "vulnerable": "on"}
    answer = client.post(f"/cases/{complaint.reference}/assessment/", form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "corrected by Alice Example" in answer.content.decode()
    complaint.refresh_from_db()
    assert (complaint.severity, complaint.category, complaint.safety, complaint.vulnerable) == (
        2,
        "service",
        False,
        True,
    )


@pytest.mark.parametrize(
    "form", [{"severity": "9"}, {"severity": "²"}, {"label": "x" * 10_000}, {"language": "\x00\x00"}]
)
def test_a_hostile_form_gets_a_clear_refusal(client: Client, house: House, alice: User, form: dict[str, str]) -> None:
    complaint = new_complaint(house.london)
    client.force_login(alice)
    assert client.post(f"/cases/{complaint.reference}/assessment/", form).status_code == 422


def test_an_outsider_gets_404_for_the_form(client: Client, house: House, charlie: User) -> None:
    complaint = new_complaint(house.london)
    client.force_login(charlie)
    assert client.post(f"/cases/{complaint.reference}/assessment/", {"severity": "1"}).status_code == 404


def test_the_api_shows_the_reasons_and_takes_corrections(client: Client, house: House, token: str) -> None:
    complaint = new_complaint(house.london, text=DANGER)
    assess_complaint(actor=SYSTEM, complaint_id=complaint.pk)
    headers = {"Authorization": f"Bearer {token}"}
    url = f"/api/v1/complaints/{complaint.reference}"
    told = client.get(url, headers=headers).json()
    assert told["assessment"]["severity"] == 4
    assert {"field", "value", "because"} <= set(told["assessment_reasons"]["reasons"][0])
    body = {"severity": 3, "safety": False}
    answer = client.patch(f"{url}/assessment", body, content_type="application/json", headers=headers)
    assert answer.status_code == 200, answer.content
    assert {one["field"]: one["after"] for one in answer.json()["corrections"]} == body
    assert client.get(url, headers=headers).json()["assessment"]["severity"] == 3
    wrong = client.patch(f"{url}/assessment", {"severity": 7}, content_type="application/json", headers=headers)
    assert wrong.status_code == 422
