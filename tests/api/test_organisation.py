"""Building up an organisation through the API: units, teams and colleagues who can sign in and work."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from tests.api.test_complaints import post
from tests.people import House, actor, new_complaint

from amends.accounts.public import User
from amends.cases.public import visible_complaints

UNIT = {
    "key": "leeds",
    "name": "Leeds shop",
    "parent": "northlight",
    "kind": "shop",
    "country": "GB",
    "subdivision": "ENG",
}
TEAM = {"key": "leeds-care", "name": "Leeds care", "unit": "leeds", "languages": ["en"], "escalates_to": "specialists"}
STAFF = {
    "email": "Nora@northlight.example",
    "name": "Nora Field",
    "password": "a long walk in the rain",
    "role": "agent",
    "unit": "leeds",
    "teams": ["leeds-care"],
}


def add(client: Client, token: str, what: str, body: dict[str, Any]) -> Any:
    return post(client, token, body, path=f"/api/v1/{what}")


def test_a_colleague_in_a_new_team_of_a_new_unit_signs_in_and_sees_its_cases(
    client: Client, house: House, token: str
) -> None:
    assert add(client, token, "units", UNIT).status_code == 201
    assert add(client, token, "teams", TEAM).status_code == 201
    answer = add(client, token, "staff", STAFF)
    assert answer.status_code == 201, answer.content
    nora = User.objects.get(pk=answer.json()["id"])
    assert nora.check_password(STAFF["password"])
    from amends.accounts.public import unit_by_key

    theirs = new_complaint(unit_by_key("leeds"))
    new_complaint(house.london, text="Not theirs.")
    assert list(visible_complaints(actor(nora))) == [theirs]


@pytest.mark.parametrize(
    ("what", "body", "status"),
    [
        ("units", {**UNIT, "parent": "nowhere"}, 422),
        ("units", {**UNIT, "key": "london"}, 409),
        ("units", {**UNIT, "name": "London shop"}, 409),
        ("units", {**UNIT, "key": "Not A Key"}, 422),
        ("units", {**UNIT, "timezone": "Mars/Base"}, 422),
        ("units", {**UNIT, "kind": "planet"}, 422),
        ("teams", {**TEAM, "unit": "nowhere"}, 422),
        ("teams", {**TEAM, "unit": "london", "tier": 9}, 422),
        ("teams", {**TEAM, "unit": "london", "tier": 2}, 422),
        ("teams", {**TEAM, "unit": "london", "key": "care"}, 409),
        ("staff", {**STAFF, "unit": "london", "teams": ["nobody"]}, 422),
        ("staff", {**STAFF, "unit": "london", "teams": [], "password": "short"}, 422),
        ("staff", {**STAFF, "unit": "london", "teams": [], "role": "king"}, 422),
        ("staff", {**STAFF, "unit": "london", "teams": [], "email": "alice\x00@northlight.example"}, 422),
        ("staff", {**STAFF, "unit": "london", "teams": [], "email": "alice@northlight.example"}, 409),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(
    client: Client, house: House, token: str, alice: User, what: str, body: dict[str, Any], status: int
) -> None:
    before = User.objects.count()
    answer = add(client, token, what, body)
    assert answer.status_code == status, answer.content
    assert answer.json()["detail"]
    assert User.objects.count() == before
