"""A database that goes away in the middle of a request: "not now, send it again", never a 500."""

from __future__ import annotations

import contextlib

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.test import Client
from tests.people import House

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
