"""The API: registering, reading, listing, working; and what bad input gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM, create_token
from amends.cases.public import Complaint
from amends.intake.channels.email.services import process, store

BODY = {
    "channel": "api",
    "complainant": {"name": "Maya Okafor", "email": "maya@example.org"},
    "subject": "Broken",
    "text": "It broke after the update.",
    "product": "aria-one",
    "attributes": {"software_version": "2.4.0"},
    "unit": "london",
}


def post(client: Client, token: str, body: Any, key: str = "", path: str = "/api/v1/complaints") -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    if key:
        headers["Idempotency-Key"] = key
    data = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(path, data=data, content_type="application/json", headers=headers)


def get(client: Client, token: str, path: str) -> Any:
    return client.get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {token}"})


def test_a_complaint_is_registered_and_read(client: Client, house: House, token: str) -> None:
    answer = post(client, token, BODY, key="one")
    assert answer.status_code == 201, answer.content
    created = answer.json()
    assert created["phase"] == "registered"
    assert created["url"].endswith(f"/cases/{created['reference']}/")
    read = get(client, token, f"complaints/{created['reference']}").json()
    assert read["complainant"]["email"] == "maya@example.org"
    assert read["subject"] == "Broken"
    assert read["attributes"] == {"software_version": "2.4.0"}
    assert read["events"][0]["kind"] == "registered"
    for key in ("acknowledged_at", "assessment", "clocks", "points", "messages"):
        assert key in read


def test_the_same_key_answers_with_the_same_complaint(client: Client, house: House, token: str) -> None:
    one, two = post(client, token, BODY, key="one"), post(client, token, BODY, key="one")
    assert one.json()["reference"] == two.json()["reference"]
    assert Complaint.objects.count() == 1
    other = post(client, token, {**BODY, "text": "Something else."}, key="one")
    assert other.status_code == 409
    assert other["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"complainant": {"name": "x" * 10_000}}, 422),
        ({"complainant": {"email": "not an address"}}, 422),
        ({"text": "", "subject": ""}, 422),
        ({"text": "\x00", "subject": "\x00"}, 422),
        ({"channel": "telepathy"}, 422),
        ({"unit": "nowhere"}, 422),
        ({"unit": "\x00"}, 422),
        ({"received_at": "2026-03-02T09:00:00"}, 422),
        ({"received_at": "yesterday"}, 422),
        ({"surprise": 1}, 422),
        ({"attributes": {"a": {"nested": 1}}}, 422),
        ({"attributes": {"a\x00": "b"}}, 422),
        ({"text": 5}, 422),
    ],
)
def test_bad_values_get_a_clear_error_and_store_nothing(
    client: Client, house: House, token: str, change: dict[str, Any], status: int
) -> None:
    answer = post(client, token, {**BODY, **change})
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]
    assert Complaint.objects.count() == 0


def test_nul_and_scripts_in_a_text_are_harmless(client: Client, house: House, token: str) -> None:
    answer = post(client, token, {**BODY, "text": "It \x00broke <script>alert(1)</script>", "product": "\x00"})
    assert answer.status_code == 201
    assert Complaint.objects.get().text == "It broke <script>alert(1)</script>"


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b"null", b'"text"', b'{"a":' * 5000])
def test_broken_json_gets_a_clear_error(client: Client, house: House, token: str, body: bytes) -> None:
    answer = post(client, token, body)
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"


def test_a_body_of_20_megabytes_is_refused(client: Client, house: House, token: str) -> None:
    answer = post(client, token, b'{"text": "' + b"x" * 20_000_000 + b'"}')
    assert answer.status_code == 413
    assert Complaint.objects.count() == 0


@pytest.mark.parametrize("secret", ["", "wrong", "amends_" + "x" * 43, "\u00fc"])
def test_a_wrong_token_is_refused(client: Client, house: House, secret: str) -> None:
    answer = post(client, secret, BODY)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_a_token_without_the_scope_is_refused(client: Client, house: House) -> None:
    reader = create_token(actor=SYSTEM, name="reader", scopes=["read"])
    assert post(client, reader, BODY).status_code == 403
    writer = create_token(actor=SYSTEM, name="writer", scopes=["intake"])
    assert get(client, writer, "complaints").status_code == 403


def test_a_token_of_another_unit_sees_nothing(client: Client, house: House) -> None:
    complaint = new_complaint(house.london)
    berlin = create_token(actor=SYSTEM, name="berlin", scopes=["read", "work", "intake"], unit=house.berlin)
    assert get(client, berlin, f"complaints/{complaint.reference}").status_code == 404
    assert get(client, berlin, "complaints").json()["items"] == []
    assert post(client, berlin, {**BODY, "unit": "london"}).status_code == 422
    for path in ("move", "reply", "notes", "points"):
        answer = post(
            client,
            berlin,
            {"action": "close", "text": "x", "words": "x"},
            path=f"/api/v1/complaints/{complaint.reference}/{path}",
        )
        assert answer.status_code == 404, path


def test_the_list_is_paged_by_key_and_searched(client: Client, house: House, token: str) -> None:
    for number in range(5):
        new_complaint(house.london, text=f"Complaint number {number} about a banana{number}.")
    first = get(client, token, "complaints?limit=2").json()
    second = get(client, token, f"complaints?limit=2&after={first['next']}").json()
    third = get(client, token, f"complaints?limit=2&after={second['next']}").json()
    seen = [one["reference"] for page in (first, second, third) for one in page["items"]]
    assert len(seen) == len(set(seen)) == 5
    assert third["next"] is None
    found = get(client, token, "complaints?q=banana3").json()["items"]
    assert len(found) == 1
    assert get(client, token, f"complaints?q={found[0]['reference'].lower()}").json()["items"] == found
    assert len(get(client, token, "complaints?q=maya@example.org").json()["items"]) == 5
    assert get(client, token, "complaints?phase=closed").json()["items"] == []
    assert get(client, token, "complaints?phase=nonsense").status_code == 422
    assert get(client, token, "complaints?after=nonsense").status_code == 422
    assert get(client, token, "complaints?q=%00").status_code in (200, 422)


def test_the_number_of_queries_does_not_grow_with_the_list(
    client: Client, house: House, token: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        new_complaint(house.london, text=f"Number {number}.")
    with django_assert_max_num_queries(4):
        assert len(get(client, token, "complaints?limit=10").json()["items"]) == 10


def test_work_through_the_api(client: Client, house: House, token: str) -> None:
    complaint = new_complaint(house.london)
    base = f"/api/v1/complaints/{complaint.reference}"
    assert post(client, token, {"text": "A note."}, path=f"{base}/notes").status_code == 200
    assert (
        post(
            client, token, {"words": "nobody answered my e-mail", "aspect": "communication"}, path=f"{base}/points"
        ).status_code
        == 200
    )
    confirmed = post(client, token, {}, path=f"{base}/points/confirm").json()
    assert all(point["confirmed"] for point in confirmed["points"])
    assert post(client, token, {"action": "acknowledge"}, path=f"{base}/move").json()["phase"] == "acknowledged"
    refused = post(client, token, {"action": "agree"}, path=f"{base}/move")
    assert refused.status_code == 409
    assert "possible now" in refused.json()["detail"]


def test_the_description_of_the_api_is_openapi_3_1(client: Client, db: None) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert "/api/v1/complaints" in answer.json()["paths"]


def test_units_and_teams_are_named(client: Client, house: House, token: str) -> None:
    keys = [one["key"] for one in get(client, token, "units").json()]
    assert keys[0] == "northlight"
    assert set(keys) == {"northlight", "london", "berlin"}
    berlin = create_token(actor=SYSTEM, name="berlin", scopes=["read"], unit=house.berlin)
    assert [one["key"] for one in get(client, berlin, "units").json()] == ["berlin"]
    assert {one["key"] for one in get(client, token, "teams").json()} == {"care", "care-de", "specialists"}


def test_a_case_is_given_to_a_team(client: Client, house: House, token: str) -> None:
    base = f"/api/v1/complaints/{new_complaint(house.london).reference}"
    assert post(client, token, {"team": "specialists"}, path=f"{base}/team").json()["team"] == "specialists"
    assert post(client, token, {"team": "nobody\x00"}, path=f"{base}/team").status_code == 422


def test_a_message_is_called_back_only_before_it_leaves(client: Client, house: House, token: str) -> None:
    complaint, other = new_complaint(house.london), new_complaint(house.london, text="Another.")
    base = f"/api/v1/complaints/{complaint.reference}"
    queued = post(client, token, {"text": "I am on it."}, path=f"{base}/reply").json()["messages"][-1]
    cancel = f"messages/{queued['id']}/cancel"
    assert post(client, token, {}, path=f"/api/v1/complaints/{other.reference}/{cancel}").status_code == 404
    assert post(client, token, {}, path=f"{base}/{cancel}").json()["messages"][-1]["state"] == "cancelled"
    assert post(client, token, {}, path=f"{base}/{cancel}").status_code == 409


def test_the_quarantine_is_looked_after_with_its_own_scope(client: Client, house: House, token: str) -> None:
    def keep(text: str) -> int:
        raw = f"From: list <l@example.org>\nList-Id: <l.example.org>\nPrecedence: list\nSubject: s\n\n{text}\n".encode()
        number = store(raw=raw, envelope_from="l@example.org", envelope_to=["care@amends.localhost"])
        assert process(raw_mail_id=number) == "quarantined"
        return number

    first, second = keep("It broke."), keep("Buy this.")
    keeper = create_token(actor=SYSTEM, name="keeper", scopes=["quarantine"])
    assert get(client, token, "quarantine").status_code == 403
    assert [one["id"] for one in get(client, keeper, "quarantine").json()] == [second, first]
    assert [one["id"] for one in get(client, keeper, f"quarantine?before={second}").json()] == [first]
    released = post(client, keeper, {}, path=f"/api/v1/quarantine/{first}/release")
    assert released.status_code == 201
    assert released.json()["reference"].startswith("AM-")
    assert post(client, keeper, {}, path=f"/api/v1/quarantine/{second}/discard").status_code == 204
    assert post(client, keeper, {}, path=f"/api/v1/quarantine/{second}/discard").status_code == 409
    assert post(client, keeper, {}, path="/api/v1/quarantine/999999/release").status_code == 404
    assert get(client, keeper, "quarantine").json() == []
