"""Messages and linked cases through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM
from amends.cases.lifecycle import AnswerTo, Phase, answer_to
from amends.cases.public import (
    Complaint,
    Message,
    last_heard,
    link_cases,
    mark_failed,
    receive_message,
)
from amends.core import clock
from amends.core.errors import BadInput


def ask(client: Client, token: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """A request with the token; a POST when there is a body."""
    headers = {"Authorization": f"Bearer {token}"}
    address = f"/api/v1/complaints/{path}"
    if body is None:
        return client.get(address, headers=headers)
    return client.post(address, body, content_type="application/json", headers=headers)


def test_a_reply_can_be_planned_called_back_let_go_and_sent_again(
    client: Client, complaint: Complaint, token: str
) -> None:
    at = (clock.now() + timedelta(days=1)).isoformat()
    planned = ask(
        client,
        token,
        f"{complaint.reference}/reply",
        {"text": "Hello.", "send_at": at, "unless_customer_writes": True},
    )
    assert planned.status_code == 200
    (message,) = [one for one in planned.json()["messages"] if one["direction"] == "out"]
    assert (message["state"], message["unless_customer_writes"], message["held"]) == ("queued", True, False)
    path = f"{complaint.reference}/messages/{message['id']}"
    assert ask(client, token, f"{path}/send-now", {}).status_code == 200
    assert Message.objects.get(pk=message["id"]).not_before is None
    assert ask(client, token, f"{path}/cancel", {}).status_code == 200
    assert ask(client, token, f"{path}/cancel", {}).status_code == 409
    assert ask(client, token, f"{path}/send-again", {}).status_code == 409
    Message.objects.filter(pk=message["id"]).update(state="queued")
    mark_failed(message_id=message["id"], reason="no")
    assert ask(client, token, f"{path}/send-again", {}).status_code == 200
    assert Message.objects.get(pk=message["id"]).state == "queued"


@pytest.mark.parametrize("path", ["cancel", "send-again", "send-now"])
def test_a_message_of_another_case_is_not_found(
    client: Client, house: House, complaint: Complaint, token: str, path: str
) -> None:
    other = new_complaint(house.london, text="Other words.")
    message = ask(client, token, f"{other.reference}/reply", {"text": "Hello."}).json()["messages"][-1]["id"]
    assert ask(client, token, f"{complaint.reference}/messages/{message}/{path}", {}).status_code == 404
    assert ask(client, token, f"{complaint.reference}/messages/{10**25}/{path}", {}).status_code == 404


def test_a_reply_over_an_unread_message_is_refused(client: Client, complaint: Complaint, token: str) -> None:
    seen = last_heard(complaint.pk)
    receive_message(actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="Never mind.")
    refused = ask(client, token, f"{complaint.reference}/reply", {"text": "Hello.", "seen": seen})
    assert refused.status_code == 409
    assert "while you were writing" in refused.json()["detail"]
    assert not Message.objects.filter(complaint=complaint, direction="out").exists()


@pytest.mark.parametrize("at", ["2026-03-02T09:30:00", "2020-01-01T00:00:00Z", "soon"])
def test_a_time_without_offset_or_in_the_past_is_refused(
    client: Client, complaint: Complaint, token: str, at: str
) -> None:
    assert ask(client, token, f"{complaint.reference}/reply", {"text": "Hello.", "send_at": at}).status_code == 422


def test_linked_cases_are_in_the_api_on_both_sides_and_linked_once(
    client: Client, house: House, complaint: Complaint, token: str
) -> None:
    new = new_complaint(house.london, text="It is broken again.")
    assert link_cases(actor=SYSTEM, complaint_id=new.pk, other_id=complaint.pk) is True
    assert link_cases(actor=SYSTEM, complaint_id=new.pk, other_id=complaint.pk) is False
    with pytest.raises(BadInput):
        link_cases(actor=SYSTEM, complaint_id=new.pk, other_id=new.pk)
    there = ask(client, token, new.reference or "").json()["links"]
    back = ask(client, token, complaint.reference or "").json()["links"]
    assert there == [{"reference": complaint.reference, "kind": "follows", "newer": False}]
    assert back == [{"reference": new.reference, "kind": "follows", "newer": True}]


@pytest.mark.parametrize(
    ("phase", "days", "expected"),
    [
        (Phase.INVESTIGATING, 500, AnswerTo.OPEN),
        (Phase.RESOLVED, 500, AnswerTo.REOPENS),
        (Phase.FOLLOWED_UP, 500, AnswerTo.REOPENS),
        (Phase.CLOSED, 14, AnswerTo.REOPENS),
        (Phase.CLOSED, 15, AnswerTo.FOLLOWS),
        (Phase.WITHDRAWN, 15, AnswerTo.FOLLOWS),
        (Phase.OUT_OF_JURISDICTION, 1, AnswerTo.REOPENS),
    ],
)
def test_what_an_answer_does_depends_on_phase_and_days(phase: Phase, days: int, expected: AnswerTo) -> None:
    now = clock.now()
    assert answer_to(phase, ended_at=now - timedelta(days=days), now=now, days=14) is expected
    assert answer_to(phase, ended_at=None, now=now, days=14) in (AnswerTo.OPEN, AnswerTo.REOPENS)
