"""The panels and pages of handling, through the browser's door."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from amends.accounts.public import SYSTEM, User, customer_actor
from amends.cases.public import Complaint, points_of, record_assessment
from amends.core import clock
from amends.handling.models import Answer, Promise, Proposal, Remedy, Step
from amends.handling.public import answer_proposal, promise, send_proposal
from tests.handling.fixtures import MONDAY, draft
from tests.people import House, actor, new_complaint

pytestmark = pytest.mark.django_db
PANELS = ("points", "investigation", "proposal", "promises")


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with clock.frozen_at(MONDAY):
        yield


@pytest.fixture
def case(complaint: Complaint) -> Complaint:
    """A case with points and a category."""
    record_assessment(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        values={"category": "goods_quality"},
        points=[("stopped working after the update", "goods_quality"), ("nobody answered my e-mail", "communication")],
    )
    complaint.refresh_from_db()
    return complaint


def inside(user: User, client: Client | None = None) -> Client:
    client = client or Client()
    client.force_login(user)
    return client


def post(client: Client, complaint: Complaint, path: str, **data: Any) -> Any:
    return client.post(f"/cases/{complaint.reference}/{path}/", data, headers={"HX-Request": "true"})


def panel(client: Client, complaint: Complaint, key: str) -> str:
    answer = client.get(f"/cases/{complaint.reference}/panels/{key}/", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return str(answer.content.decode())


def accepted(user: User, complaint: Complaint) -> Proposal:
    proposal = send_proposal(actor=actor(user), proposal_id=draft(actor(user), complaint).pk)
    owner = customer_actor(complaint_id=complaint.pk, name="Maya Okafor")
    return answer_proposal(actor=owner, proposal_id=proposal.pk, answer="accepted", words="That is fair.")


@pytest.mark.parametrize("key", PANELS)
def test_every_panel_says_what_is_missing_while_nothing_is_there(alice: User, complaint: Complaint, key: str) -> None:
    html = panel(inside(alice), complaint, key)
    assert f'<section id="panel-{key}" class="panel"' in html
    assert "None" not in html


@pytest.mark.parametrize("key", PANELS)
def test_a_reader_sees_the_panel_without_forms(conny: User, case: Complaint, key: str) -> None:
    html = panel(inside(conny), case, key)
    assert "<form" not in html
    assert "<button" not in html


def test_points_are_added_confirmed_and_removed_in_the_panel(alice: User, case: Complaint) -> None:
    client = inside(alice)
    html = post(client, case, "points", words="Sound <b>crackles</b>", aspect="goods_quality").content.decode()
    assert "Sound &lt;b&gt;crackles&lt;/b&gt;" in html
    first, *_ = points_of(case)
    assert "confirmed" in post(client, case, "points/confirm", point=str(first.pk)).content.decode()
    assert [point.confirmed_at is not None for point in points_of(case)] == [True, False, False]
    post(client, case, "points/confirm")
    assert all(point.confirmed_by == "agent" for point in points_of(case))
    post(client, case, f"points/{first.pk}/remove")
    assert first.pk not in [point.pk for point in points_of(case)]


def test_an_answer_is_saved_in_the_panel_and_opens_its_branch(alice: User, case: Complaint) -> None:
    client = inside(alice)
    assert "Which charger" not in panel(client, case, "investigation")
    html = post(client, case, "questions/part", text="power").content.decode()
    assert "Which charger" in html
    assert "Battery or charging" in html
    assert post(client, case, "questions/part", text="nonsense").status_code == 422
    assert post(client, case, "questions/unknown", text="x").status_code == 422
    assert Answer.objects.get().text == "power"


def test_the_panels_speak_german(alice: User, case: Complaint) -> None:
    client = inside(alice)
    client.cookies["django_language"] = "de"
    html = panel(client, case, "investigation")
    assert "Welcher Teil versagt?" in html
    assert "Untersuchung" in html
    assert "Punkt hinzufügen" in panel(client, case, "points")
    assert "Noch nichts vorgeschlagen" in panel(client, case, "proposal")


FORM = {
    "summary": "You get your money back.",
    "conditions": "",
    "remedies-TOTAL_FORMS": "3",
    "remedies-INITIAL_FORMS": "0",
    "remedies-0-kind": "refund",
    "remedies-0-amount": "80.00",
    "remedies-0-currency": "gbp",
    "remedies-0-option": "0",
    "remedies-1-kind": "apology",
    "remedies-1-option": "0",
    "remedies-2-kind": "",
    "remedies-2-currency": "GBP",
    "steps-TOTAL_FORMS": "2",
    "steps-INITIAL_FORMS": "0",
    "steps-0-what": "Refund to the card",
    "steps-0-party": "us",
    "steps-0-who": "Accounts",
    "steps-0-due_earliest": "2026-03-04",
    "steps-0-due_latest": "2026-03-06",
    "steps-0-option": "0",
    "steps-1-party": "us",
}


def write(client: Client, complaint: Complaint, **changes: str) -> Any:
    return client.post(f"/cases/{complaint.reference}/proposals/new/", {**FORM, **changes})


def test_a_proposal_is_written_on_its_page_and_sent_from_the_panel(alice: User, case: Complaint) -> None:
    client = inside(alice)
    assert "Similar cases" in client.get(f"/cases/{case.reference}/proposals/new/").content.decode()
    assert write(client, case).status_code == 302
    proposal = Proposal.objects.get(complaint=case)
    assert [(one.kind, one.amount, one.currency) for one in Remedy.objects.filter(proposal=proposal)] == [
        ("refund", Decimal("80.00"), "GBP"),
        ("apology", None, ""),
    ]
    assert [one.due_latest for one in Step.objects.filter(proposal=proposal)] == [date(2026, 3, 6)]
    assert "Send it to the customer" in panel(client, case, "proposal")
    assert "80.00" in client.get(f"/cases/{case.reference}/proposals/new/").content.decode(), (
        "the draft can be gone on with"
    )
    html = post(client, case, f"proposals/{proposal.pk}/send").content.decode()
    assert "Record the customer&#x27;s answer" in html or "Record the customer's answer" in html


def test_more_rows_keep_what_was_written(alice: User, case: Complaint) -> None:
    answer = write(inside(alice), case, more="1")
    html = answer.content.decode()
    assert (answer.status_code, "remedies-4-kind" in html, "steps-3-what" in html) == (200, True, True)
    assert "You get your money back." in html
    assert not Proposal.objects.exists()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"summary": ""}, 422),
        ({"summary": "a\x00b"}, 422),
        ({"remedies-0-amount": "a lot"}, 422),
        ({"remedies-0-amount": "-1"}, 422),
        ({"remedies-0-amount": ""}, 422),
        ({"remedies-0-amount": "NaN"}, 422),
        ({"remedies-0-kind": "gold"}, 422),
        ({"remedies-0-option": "77"}, 422),
        ({"remedies-0-option": "1"}, 422),
        ({"steps-0-due_latest": "soon"}, 422),
        ({"steps-0-due_latest": "2026-03-01"}, 422),
        ({"steps-0-what": ""}, 422),
        ({"steps-TOTAL_FORMS": "9999999"}, 422),
        ({"steps-TOTAL_FORMS": "x"}, 422),
        ({"remedies-TOTAL_FORMS": "9" * 30, "more": "1"}, 200),
    ],
)
def test_what_cannot_be_right_is_said_on_the_page_and_nothing_is_kept(
    alice: User, case: Complaint, changes: dict[str, str], status: int
) -> None:
    answer = write(inside(alice), case, **changes)
    assert answer.status_code == status
    if status == 422:
        assert "mistake" in answer.content.decode()
    assert not Proposal.objects.exists()


def test_the_lead_approves_in_the_panel_and_the_agent_cannot(alice: User, lena: User, case: Complaint) -> None:
    agent, lead = inside(alice), inside(lena)
    write(agent, case, **{"remedies-0-amount": "150"})
    proposal = Proposal.objects.get()
    assert "Ask for approval" in panel(agent, case, "proposal")
    post(agent, case, f"proposals/{proposal.pk}/send")
    assert "Approve and send" not in panel(agent, case, "proposal")
    html = panel(lead, case, "proposal")
    assert "Approve and send" in html
    assert "150.00 GBP" in html
    assert post(agent, case, f"proposals/{proposal.pk}/decide", granted="yes").status_code == 404
    assert post(lead, case, f"proposals/{proposal.pk}/decide", granted="no").status_code == 422
    post(lead, case, f"proposals/{proposal.pk}/decide", granted="yes")
    proposal.refresh_from_db()
    assert proposal.state == "sent"


def test_the_customers_answer_is_recorded_in_the_panel(alice: User, case: Complaint) -> None:
    client = inside(alice)
    write(client, case)
    proposal = Proposal.objects.get()
    post(client, case, f"proposals/{proposal.pk}/send")
    assert post(client, case, f"proposals/{proposal.pk}/answer", answer="accepted").status_code == 422
    html = post(client, case, f"proposals/{proposal.pk}/answer", answer="accepted", words="By phone").content.decode()
    assert "By phone" in html
    assert "Refund to the card" in panel(client, case, "promises")


def test_promises_are_made_kept_and_explained_in_the_panel(alice: User, case: Complaint) -> None:
    client = inside(alice)
    accepted(alice, case)
    refund, closing = Promise.objects.order_by("due_at")
    assert "due: keep it or explain the delay" not in panel(client, case, "promises")
    html = post(
        client, case, f"promises/{closing.pk}/explain", new_due="2026-03-17", reason="The part is late"
    ).content.decode()
    assert "delay explained" in html
    html = post(client, case, f"steps/{refund.step_id}/done", note="Payment 4711").content.decode()
    assert "Payment 4711" in html
    post(client, case, "promises", what="Ring back", due="2026-03-05")
    extra = Promise.objects.get(what="Ring back")
    assert post(client, case, "promises", what="Ring back", due="someday").status_code == 422
    post(client, case, f"promises/{extra.pk}/keep")
    post(client, case, f"promises/{closing.pk}/keep")
    customer_step = Step.objects.get(party="customer")
    html = post(client, case, f"steps/{customer_step.pk}/done").content.decode()
    assert "Everything promised is dealt with" in html


def test_a_thing_of_another_case_is_not_found_under_this_one(alice: User, house: House, case: Complaint) -> None:
    client, other = inside(alice), new_complaint(house.london, text="Another one")
    proposal = draft(actor(alice), other)
    made = promise(actor=actor(alice), complaint_id=other.pk, what="Ring back", due=date(2026, 3, 5))
    assert post(client, case, f"proposals/{proposal.pk}/send").status_code == 404
    assert post(client, case, f"promises/{made.pk}/keep").status_code == 404
    assert post(client, case, f"steps/{proposal.steps.all()[0].pk}/done").status_code == 404
    assert post(client, case, f"proposals/{2**70}/send").status_code == 404


def handling_routes() -> list[str]:
    found: list[str] = []

    def walk(patterns: Any, prefix: str) -> None:
        for one in patterns:
            path = prefix + str(one.pattern)
            if hasattr(one, "url_patterns"):
                walk(one.url_patterns, path)
            elif (one.callback.__module__ or "").startswith("amends.handling") and "<str:reference>" in path:
                found.append(path)

    walk(get_resolver().url_patterns, "")
    return found


def test_an_outsider_gets_404_on_every_case_route(charlie: User, alice: User, case: Complaint) -> None:
    proposal = accepted(alice, case)
    client, routes = inside(charlie), handling_routes()
    assert len(routes) >= 13
    ids = {
        "<int:point_id>": points_of(case)[0].pk,
        "<int:proposal_id>": proposal.pk,
        "<int:step_id>": proposal.steps.all()[0].pk,
        "<int:promise_id>": Promise.objects.all()[0].pk,
        "<slug:question>": "context",
        "<str:reference>": case.reference,
    }
    for route in routes:
        path = route
        for key, value in ids.items():
            path = path.replace(key, str(value))
        for answer in (
            client.get(f"/{path}"),
            client.post(f"/{path}", {"words": "x", "text": "x", "due": "2026-04-01"}),
        ):
            assert answer.status_code in (404, 405), path
        assert client.post(f"/{path}", {}).status_code == 404, path
        assert Client().post(f"/{path}", {}).status_code == 302, path
    assert "Refund 80 GBP" not in inside(charlie).get("/promises/").content.decode()


def test_a_reference_with_strange_characters_is_not_found(alice: User) -> None:
    client = inside(alice)
    for reference in ("%F0%9F%98%80", "x" * 500):
        assert client.post(f"/cases/{reference}/points/", {"words": "x"}).status_code == 404


def test_the_ledger_shows_what_is_due_and_the_rate(alice: User, case: Complaint) -> None:
    client = inside(alice)
    assert "No promise is open." in client.get("/promises/").content.decode()
    accepted(alice, case)
    html = client.get("/promises/").content.decode()
    assert "Refund 80 GBP to the card" in html
    assert case.reference in html
    with clock.frozen_at(datetime(2026, 3, 5, tzinfo=UTC)):
        post(client, case, f"steps/{Promise.objects.order_by('due_at')[0].step_id}/done")
    html = client.get("/promises/done/").content.decode()
    assert "100 %" in html
    assert client.get("/promises/nonsense/").status_code == 404
    assert client.get("/promises/?after=nonsense").status_code == 422


def test_panels_and_ledger_take_a_constant_number_of_queries(
    alice: User, house: House, case: Complaint, django_assert_max_num_queries: Any
) -> None:
    client = inside(alice)
    accepted(alice, case)
    for number in range(30):
        promise(
            actor=actor(alice), complaint_id=case.pk, what=f"No {number}", due=date(2026, 3, 5) + timedelta(days=number)
        )
    for key in PANELS:
        with django_assert_max_num_queries(18):
            panel(client, case, key)
    with django_assert_max_num_queries(10):
        client.get("/promises/")
    with django_assert_max_num_queries(16):
        client.get(f"/cases/{case.reference}/proposals/new/")
