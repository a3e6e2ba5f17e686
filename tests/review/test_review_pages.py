"""The panel and the page of the review, through the browser's door."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from amends.accounts.public import User
from amends.cases.public import Complaint, move
from amends.core import clock
from amends.review.models import CorrectiveAction, RootCause
from amends.review.public import open_corrective_action, record_root_cause
from tests.people import House, actor, new_complaint

pytestmark = pytest.mark.django_db
FINDING = {
    "cause": "software_fault",
    "symptom": "Stops in the <middle>",
    "why": ["The radio drops out", "", "The table was wrong"],
    "responsibility": "company",
}


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with clock.frozen_at(datetime(2026, 3, 2, 10, tzinfo=UTC)):
        yield


def inside(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def post(client: Client, complaint: Complaint, path: str, **data: Any) -> Any:
    return client.post(f"/cases/{complaint.reference}/{path}/", data, headers={"HX-Request": "true"})


def panel(client: Client, complaint: Complaint) -> str:
    answer = client.get(f"/cases/{complaint.reference}/panels/root-cause/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_panel_carries_a_case_from_symptom_to_effect(bob: User, complaint: Complaint) -> None:
    client = inside(bob)
    assert "Not found yet" in panel(client, complaint)
    html = post(client, complaint, "root-cause", **FINDING).content.decode()
    assert "Fault in firmware or app" in html
    assert "Stops in the &lt;middle&gt;" in html
    assert RootCause.objects.get().whys == ["The radio drops out", "The table was wrong"]
    html = post(
        client, complaint, "actions", what="Test old batteries", owner=str(bob.pk), due_on="2026-03-20"
    ).content.decode()
    assert "Test old batteries" in html
    action = CorrectiveAction.objects.get()
    assert action.cause == "software_fault"
    assert "effect is looked at on" in post(client, complaint, f"actions/{action.pk}/done").content.decode()
    assert post(client, complaint, f"actions/{action.pk}/effect", effect="", worked="yes").status_code == 422
    assert (
        "worked"
        in post(client, complaint, f"actions/{action.pk}/effect", effect="12 to 1", worked="yes").content.decode()
    )


def test_no_cause_is_an_answer_with_a_reason(bob: User, complaint: Complaint) -> None:
    html = post(inside(bob), complaint, "root-cause/none", reason="The device was thrown away").content.decode()
    assert "The device was thrown away" in html


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("root-cause", {**FINDING, "cause": "carelessness"}),
        ("root-cause", {**FINDING, "responsibility": ""}),
        ("root-cause/none", {"reason": " "}),
        ("actions", {"what": "x", "owner": "", "due_on": "2026-03-20"}),
        ("actions", {"what": "x", "owner": "9" * 18, "due_on": "2026-03-20"}),
        ("actions", {"what": "x", "owner": "1", "due_on": "tomorrow"}),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept(
    bob: User, complaint: Complaint, path: str, data: dict[str, Any]
) -> None:
    assert post(inside(bob), complaint, path, **data).status_code == 422
    assert not RootCause.objects.exists()
    assert not CorrectiveAction.objects.exists()


def test_an_agent_reads_and_a_case_that_is_over_without_a_finding_warns(alice: User, complaint: Complaint) -> None:
    client = inside(alice)
    assert "<form" not in panel(client, complaint)
    move(actor=actor(alice), complaint_id=complaint.pk, action="resolve", outcome="upheld", reason="Put right")
    assert "nobody has said what caused it" in panel(client, complaint)


def test_the_page_leads_with_the_most_frequent_cause_and_has_the_table(
    bob: User, house: House, complaint: Complaint
) -> None:
    client = inside(bob)
    assert "No cause was recorded in this period" in client.get("/review/").content.decode()
    for number in range(3):
        about = new_complaint(house.london, text=f"Number {number}")
        cause = "picking" if number else "carrier"
        record_root_cause(
            actor=actor(bob), complaint_id=about.pk, cause_key=cause, symptom="x", neutral_responsibility="company"
        )
    open_corrective_action(
        actor=actor(bob),
        complaint_id=complaint.pk,
        cause_id=None,
        what="Scan twice",
        owner_id=bob.pk,
        due_on=date(2026, 3, 9),
    )
    html = client.get("/review/?days=30").content.decode()
    assert "Most often: Wrong item was picked (2)" in html
    assert "The same as a table" in html
    assert "Scan twice" in html
    client.cookies["django_language"] = "de"
    assert "Am häufigsten: Falscher Artikel wurde gepackt (2)" in client.get("/review/").content.decode()
    assert client.get("/review/?days=99999999").status_code == 200


def test_actions_are_opened_done_and_judged_on_the_page(bob: User) -> None:
    client = inside(bob)
    given = {"what": "Rewrite the manual", "owner": str(bob.pk), "due_on": "2026-03-20"}
    assert client.post("/review/actions/", given).status_code == 302
    action = CorrectiveAction.objects.get()
    assert client.post(f"/review/actions/{action.pk}/done/").status_code == 302
    assert (
        client.post(f"/review/actions/{action.pk}/effect/", {"effect": "Half the calls", "worked": "no"}).status_code
        == 302
    )
    action.refresh_from_db()
    assert (action.worked, action.complaint) == (False, None)


def test_outsiders_see_and_change_nothing(
    charlie: User, bob: User, conny: User, house: House, complaint: Complaint
) -> None:
    record_root_cause(
        actor=actor(bob), complaint_id=complaint.pk, cause_key="picking", symptom="x", neutral_responsibility="company"
    )
    action = open_corrective_action(
        actor=actor(bob),
        complaint_id=complaint.pk,
        cause_id=None,
        what="Scan twice",
        owner_id=bob.pk,
        due_on=date(2026, 3, 9),
    )
    for user in (charlie, conny):
        client = inside(user)
        for path in (
            "root-cause",
            "root-cause/none",
            "actions",
            f"actions/{action.pk}/done",
            f"actions/{action.pk}/effect",
        ):
            assert post(client, complaint, path, **FINDING).status_code == 404
        assert client.post(f"/review/actions/{action.pk}/done/").status_code == 404
    html = inside(charlie).get("/review/").content.decode()
    assert "Scan twice" not in html
    assert "Wrong item" not in html
    assert Client().get("/review/").status_code == 302


def test_an_action_of_another_case_is_not_found_under_this_one(bob: User, house: House, complaint: Complaint) -> None:
    other = new_complaint(house.london, text="Another one")
    action = open_corrective_action(
        actor=actor(bob), complaint_id=other.pk, cause_id=None, what="x", owner_id=bob.pk, due_on=date(2026, 3, 9)
    )
    assert post(inside(bob), complaint, f"actions/{action.pk}/done").status_code == 404


def test_panel_and_page_take_a_constant_number_of_queries(
    bob: User, complaint: Complaint, django_assert_max_num_queries: Any
) -> None:
    client = inside(bob)
    for number in range(25):
        open_corrective_action(
            actor=actor(bob),
            complaint_id=complaint.pk,
            cause_id=None,
            what=f"No {number}",
            owner_id=bob.pk,
            due_on=date(2026, 3, 9),
        )
    with django_assert_max_num_queries(12):
        panel(client, complaint)
    with django_assert_max_num_queries(14):
        client.get("/review/")
