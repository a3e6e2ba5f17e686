"""A database that goes away in the middle of a request: "not now, send it again", never a 500."""

from __future__ import annotations

import contextlib

import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connection
from django.test import Client
from procrastinate.exceptions import ConnectorException
from tests.people import House

from amends.core.outage import database_is_away

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def a_dead_connection(house: House, token: str) -> str:
    """The connection of the next request is gone, and Django does not know it yet; gives the token."""
    with contextlib.suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return token


def test_the_api_says_not_now(a_dead_connection: str) -> None:
    answer = Client().get("/api/v1/complaints", headers={"Authorization": f"Bearer {a_dead_connection}"})
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "3"
    assert answer.json()["code"] == "unavailable"
    connection.close()
    again = Client().get("/api/v1/complaints", headers={"Authorization": f"Bearer {a_dead_connection}"})
    assert again.status_code == 200


def test_a_page_says_not_now(a_dead_connection: str) -> None:
    answer = Client().get("/complain/")
    assert answer.status_code == 503
    assert "try again in a few seconds" in answer.content.decode()
    connection.close()
    assert Client().get("/complain/").status_code == 200


@pytest.mark.parametrize(
    ("error", "away"),
    [
        (OperationalError("the server closed the connection"), True),
        (IntegrityError("duplicate key"), False),
        (ValueError("something of ours"), False),
    ],
)
def test_only_an_outage_is_told_as_one(error: Exception, away: bool) -> None:
    assert database_is_away(error) is away
    deferring = ConnectorException()
    deferring.__cause__ = error
    assert database_is_away(deferring) is away


def test_an_unexpected_error_is_logged_by_its_place_and_not_by_its_words(
    house: House, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise ValueError("what maya@example.org wrote")

    monkeypatch.setattr("amends.intake.channels.web.views.render", fail)
    answer = Client(raise_request_exception=False).get("/complain/")
    assert answer.status_code == 500
    said = capfd.readouterr().err
    assert "unexpected_error" in said
    assert "ValueError" in said
    assert "views.py" in said
    assert "maya" not in said
