"""Handling and review through the API."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from amends.accounts.public import SYSTEM, User, create_token, customer_actor
from amends.cases.public import Complaint, NewFile, receive_message, record_assessment
from amends.core import clock
from amends.handling.models import AuthorityLimit
from tests.handling.fixtures import MONDAY
from tests.people import House

pytestmark = pytest.mark.django_db
PROPOSAL: dict[str, Any] = {
    "summary": "You get your money back.",
    "remedies": [{"kind": "refund", "amount": "80.00", "currency": "GBP"}, {"kind": "apology"}],
    "steps": [
        {"what": "Refund to the card", "who": "Accounts", "due_earliest": "2026-03-04", "due_latest": "2026-03-06"},
        {"what": "Send it back", "who": "customer", "due_latest": "2026-03-10"},
    ],
}


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with clock.frozen_at(MONDAY):
        yield


class Api:
    """A program with a token."""

    def __init__(self, token: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def send(self, method: str, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, str) else json.dumps(body or {})
        return self.client.generic(method, f"/api/v1/{path}", data, content_type="application/json")

    def done(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status_code in (200, 201), answer.content
        return answer.json()


@pytest.fixture
def api(token: str) -> Api:
    """A token for the whole organisation that may give up to 100 pounds alone."""
    AuthorityLimit.objects.create(role="token", currency="GBP", amount="100")
    return Api(token)


def test_a_case_is_carried_from_the_first_question_to_the_effect(api: Api, complaint: Complaint, bob: User) -> None:
    record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"category": "goods_quality"})
    case = f"complaints/{complaint.reference}"
    investigation = api.done("PUT", f"{case}/answers/part", {"text": "power"})
    assert investigation["playbook"] == "device"
    assert "charger" in [one["key"] for one in investigation["questions"]]

    proposal = api.done("POST", f"{case}/proposals", PROPOSAL)
    assert (proposal["state"], proposal["remedies"][0]["amount"]) == ("draft", "80.00")
    assert api.done("POST", f"proposals/{proposal['id']}/send")["state"] == "sent"
    answered = api.done("POST", f"proposals/{proposal['id']}/answer", {"answer": "accepted", "words": "By phone"})
    assert answered["state"] == "accepted"

    first = api.done("GET", "promises")["items"][0]
    assert (first["what"], first["due"], first["state"]) == ("Refund to the card", "2026-03-06", "open")
    late = api.done(
        "POST", f"promises/{first['id']}/explain", {"new_due": "2026-03-09", "reason": "The bank is closed"}
    )
    assert (late["state"], late["delays"][0]["in_time"]) == ("explained", True)
    done = api.done("POST", f"steps/{proposal['steps'][0]['id']}/done", {"note": "Payment 4711"})
    assert done["steps"][0]["note"] == "Payment 4711"
    extra = api.done("POST", f"{case}/promises", {"what": "Ring back", "due": "2026-03-03"})
    assert api.done("POST", f"promises/{extra['id']}/keep")["state"] == "kept"

    finding = {"cause": "software_fault", "symptom": "Stops", "five_whys": ["Because"], "responsibility": "company"}
    assert api.done("POST", f"{case}/root-cause", finding)["root_cause"]["cause"] == "software_fault"
    opened = {"reference": complaint.reference, "what": "Test it", "owner": bob.email, "due_on": "2026-03-20"}
    action = api.done("POST", "corrective-actions", opened)
    api.done("POST", f"corrective-actions/{action['id']}/done", {"effect": "Checklist"})
    assert [one["id"] for one in api.done("GET", "corrective-actions")] == [action["id"]]
    assert api.done("POST", f"corrective-actions/{action['id']}/effect", {"effect": "12 to 1", "worked": True})[
        "worked"
    ]
    assert next(one["count"] for one in api.done("GET", "causes") if one["key"] == "software_fault") == 1

    whole = api.done("GET", case)
    assert whole["phase"] == "carrying_out"
    assert [one["state"] for one in whole["proposals"]] == ["accepted"]
    assert {one["state"] for one in whole["promises"]} == {"explained", "kept"}
    assert whole["investigation"]["questions"]
    assert whole["review"]["corrective_actions"][0]["worked"] is True


def test_files_of_the_case_are_evidence_by_their_digest(api: Api, complaint: Complaint) -> None:
    who = customer_actor(complaint_id=complaint.pk, name="Maya Okafor")
    files = [NewFile(name="meter.png", content_type="image/png", data=b"picture")]
    receive_message(actor=who, complaint_id=complaint.pk, channel="portal", text="Look", files=files)
    path, digest = f"complaints/{complaint.reference}/answers/context", hashlib.sha256(b"picture").hexdigest()
    answered = api.done("PUT", path, {"text": "See the picture", "evidence": [digest]})
    assert [one["evidence"] for one in answered["questions"] if one["evidence"]] == [
        [{"name": "meter.png", "sha256": digest}]
    ]
    for wrong in ("0" * 64, "\x00", "x" * 10_000):
        assert api.send("PUT", path, {"text": "See", "evidence": [wrong]}).status_code == 422


def test_above_its_limit_a_program_waits_for_a_person(api: Api, lena: User, complaint: Complaint) -> None:
    dear = {**PROPOSAL, "remedies": [{"kind": "refund", "amount": 150, "currency": "GBP"}]}
    proposal = api.done("POST", f"complaints/{complaint.reference}/proposals", dear)
    sent = api.done("POST", f"proposals/{proposal['id']}/send")
    assert (sent["state"], sent["approval"]["amounts"]) == ("awaiting_approval", {"GBP": "150.00"})
    refused = api.send("POST", f"proposals/{proposal['id']}/approval", {"granted": True})
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")
    assert api.done("POST", f"proposals/{proposal['id']}/withdraw", {"reason": "Too dear"})["state"] == "withdrawn"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "complaints/{ref}/proposals", "{", 400),
        ("POST", "complaints/{ref}/proposals", {**PROPOSAL, "surprise": 1}, 422),
        ("POST", "complaints/{ref}/proposals", {**PROPOSAL, "steps": [{"what": "x"}]}, 422),
        ("POST", "complaints/{ref}/proposals", {**PROPOSAL, "remedies": [{"kind": "refund", "amount": "NaN"}]}, 422),
        ("POST", "complaints/{ref}/proposals", {**PROPOSAL, "remedies": [{"kind": "re\x00fund"}]}, 422),
        ("POST", "complaints/{ref}/proposals", {**PROPOSAL, "summary": "\x00"}, 422),
        ("POST", "complaints/{ref}/proposals", {**PROPOSAL, "remedies": [{"kind": "apology", "option": 10**30}]}, 422),
        ("PUT", "complaints/{ref}/answers/nonsense", {"text": "x"}, 422),
        ("PUT", "complaints/{ref}/answers/context", {"text": "x" * 30_000}, 422),
        ("POST", "complaints/AM-1999-000001/proposals", PROPOSAL, 404),
        ("POST", "proposals/99999999999999999999999/send", {}, 404),
        ("POST", "steps/1/done", {"at": "2026-03-02T10:00:00"}, 404),
        ("POST", "complaints/{ref}/promises", {"what": "x", "due": "2020-01-01"}, 422),
        ("POST", "complaints/{ref}/promises", {"what": "x", "due": "someday"}, 422),
        ("POST", "complaints/{ref}/root-cause", {"cause": "x", "symptom": "x", "responsibility": "company"}, 422),
        ("POST", "corrective-actions", {"what": "x", "owner": "nobody\x00@example.org", "due_on": "2026-03-20"}, 422),
        ("POST", "corrective-actions/7/done", {}, 404),
        ("GET", "promises?after=nonsense", None, 422),
        ("GET", "promises?view=nonsense", None, 404),
    ],
)
def test_bad_input_gets_a_clear_error(
    api: Api, complaint: Complaint, method: str, path: str, body: Any, status: int
) -> None:
    answer = api.send(method, path.replace("{ref}", complaint.reference or ""), body)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_a_token_without_the_scope_or_of_another_unit_gets_nowhere(
    house: House, api: Api, complaint: Complaint
) -> None:
    case = f"complaints/{complaint.reference}"
    proposal = api.done("POST", f"{case}/proposals", PROPOSAL)
    calls = [
        ("PUT", f"{case}/answers/context", {"text": "x"}),
        ("POST", f"{case}/proposals", PROPOSAL),
        ("POST", f"proposals/{proposal['id']}/send", {}),
        ("POST", f"proposals/{proposal['id']}/withdraw", {"reason": "x"}),
        ("POST", f"{case}/promises", {"what": "x", "due": "2026-03-05"}),
        ("POST", f"{case}/root-cause", {"cause": "picking", "symptom": "x", "responsibility": "company"}),
        ("POST", f"{case}/no-cause", {"reason": "x"}),
    ]
    reader = Api(create_token(actor=SYSTEM, name="reader", scopes=["read"]))
    foreign = Api(create_token(actor=SYSTEM, name="berlin", scopes=["read", "work", "review"], unit=house.berlin))
    for method, path, body in calls:
        assert reader.send(method, path, body).status_code == 403, path
        assert foreign.send(method, path, body).status_code == 404, path
    assert foreign.done("GET", "promises")["items"] == []


def test_a_time_that_has_not_come_is_refused(api: Api, complaint: Complaint) -> None:
    case = f"complaints/{complaint.reference}"
    proposal = api.done("POST", f"{case}/proposals", PROPOSAL)
    api.done("POST", f"proposals/{proposal['id']}/send")
    api.done("POST", f"proposals/{proposal['id']}/answer", {"answer": "accepted", "words": "By phone"})
    step = proposal["steps"][0]["id"]
    future = datetime(2026, 3, 3, tzinfo=UTC).isoformat()
    assert api.send("POST", f"steps/{step}/done", {"at": future}).status_code == 422
    assert api.send("POST", f"steps/{step}/done", {"at": "2026-03-02T08:00:00"}).status_code == 422
    assert api.send("POST", f"steps/{step}/done", {"note": "x" * 501}).status_code == 422
