"""What changes deadlines, through the API and the panel; outsiders find nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from tests.clocks.test_running_clocks import at_london, use_packs
from tests.people import House

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.clocks.models import Closure, Fact
from amends.core.clock import now


def send(client: Client, secret: str, method: str, path: str, body: dict[str, Any]) -> Any:
    return client.generic(
        method, f"/api/v1/{path}", json.dumps(body), "application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip


@pytest.fixture
def payment(house: House) -> Complaint:
    use_packs(house.london, "uk-fca-payment")
    return at_london(house, received=now())


def test_a_program_states_a_fact_and_gets_the_clocks_as_they_then_run(
    client: Client, payment: Complaint, token: str
) -> None:
    path = f"complaints/{payment.reference}/facts/extension"
    assert send(client, token, "PUT", path, {"value": True}).status_code == 422
    answer = send(client, token, "PUT", path, {"value": True, "reason": "The other bank."})
    assert answer.status_code == 200
    assert {one["kind"] for one in answer.json()} == {"holding", "final_response"}


def test_settings_of_a_unit_and_its_closed_days_change_through_the_api(
    client: Client, house: House, token: str
) -> None:
    answer = send(client, token, "PATCH", "units/london", {"timezone": "Europe/Paris"})
    assert (answer.status_code, answer.json()["timezone"]) == (200, "Europe/Paris")
    assert send(client, token, "PATCH", "units/london", {"timezone": "Mars/Base"}).status_code == 422
    assert send(client, token, "PATCH", "units/london", {"colour": "red"}).status_code == 422
    body = {"first": "2026-12-24", "last": "2026-12-31", "name": "Works holidays"}
    made = send(client, token, "POST", "units/london/closures", body)
    assert made.status_code == 201
    listed = client.get("/api/v1/units/london/closures", headers={"Authorization": f"Bearer {token}"})
    assert [one["name"] for one in listed.json()] == ["Works holidays"]
    assert send(client, token, "POST", "units/london/closures", body | {"last": "2026-12-23"}).status_code == 422
    assert send(client, token, "DELETE", f"closures/{made.json()['id']}", {}).status_code == 204
    assert not Closure.objects.exists()


def test_the_panel_states_a_fact_and_an_outsider_finds_nothing(
    client: Client, payment: Complaint, alice: User, charlie: User
) -> None:
    path = f"/cases/{payment.reference}/facts/"
    form = {"name": "extension", "value": "yes", "reason": "The other bank."}
    client.force_login(charlie)
    assert client.post(path, form).status_code == 404
    client.force_login(alice)
    page = client.post(path, form, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert "Holding reply" in page.content.decode()
    assert Fact.objects.get().stated_by == alice
    refused = client.post(path, form | {"reason": ""}, headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert client.post(
        f"/cases/{payment.reference}/parts/", {"point-x": "payment", "point-²": "other"}
    ).status_code in (200, 302)
