"""Sources that read from servers on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.db import connection
from tests.intake.reviews.servers import BEGIN, Google, MastodonServer, PlayServer, Server, TrustpilotServer
from tests.people import House

from amends.accounts.public import SYSTEM
from amends.intake.channels.reviews.connectors import calls
from amends.intake.channels.reviews.connectors.app_store import AppStore
from amends.intake.channels.reviews.connectors.base import Connector, connectors
from amends.intake.channels.reviews.connectors.google_business import GoogleBusiness
from amends.intake.channels.reviews.connectors.play_store import PlayStore
from amends.intake.channels.reviews.connectors.trustpilot import Trustpilot
from amends.intake.channels.reviews.models import ReviewSource
from amends.intake.channels.reviews.services import NewSource, add_source

Kind = TypeVar("Kind", bound=Server)

SECRETS = {
    "AMENDS_REVIEWS_ID": "id",
    "AMENDS_REVIEWS_SECRET": "secret",
    "AMENDS_REVIEWS_AGAIN": "again",
    "AMENDS_REVIEWS_KEY": "key",
    "AMENDS_REVIEWS_TOKEN": "user-token",
}
VALUES: dict[str, dict[str, str]] = {
    "google_business": {
        "location": Google.location,
        "client_id": "env:AMENDS_REVIEWS_ID",
        "client_secret": "env:AMENDS_REVIEWS_SECRET",
        "refresh_token": "env:AMENDS_REVIEWS_AGAIN",
    },
    "trustpilot": {
        "business_unit": TrustpilotServer.unit,
        "author": TrustpilotServer.author,
        "api_key": "env:AMENDS_REVIEWS_KEY",
        "api_secret": "env:AMENDS_REVIEWS_SECRET",
    },
    "app_store": {"app_id": "123456", "country": "gb"},
    "play_store": {"package": PlayServer.package, "service_account": "env:AMENDS_REVIEWS_ACCOUNT"},
    "mastodon": {"access_token": "env:AMENDS_REVIEWS_TOKEN"},
    "feed": {},
    "csv": {},
}


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.1")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    calls.forget_tokens()
    yield
    calls.forget_tokens()


@pytest.fixture
def no_jobs_left(transactional_db: None) -> Iterator[None]:
    """For tests that commit: their jobs are taken away with everything else, so that no other test finds them."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


@pytest.fixture
def serve() -> Iterator[Any]:
    """Start a server of the given kind; all are stopped at the end."""
    running: list[Server] = []

    def start(kind: type[Kind]) -> Kind:
        server = kind()
        running.append(server)
        return server

    yield start
    for one in running:
        one.stop()


@pytest.fixture
def source_of(house: House, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Add a source of the kind whose API is the given server."""

    def make(kind: str, server: Server | None = None, **changes: Any) -> ReviewSource:
        values = dict(VALUES[kind]) | changes.pop("values", {})
        if server is not None:
            made: dict[str, Connector] = {
                "google_business": GoogleBusiness(f"{server.url}/v4", f"{server.url}/token"),
                "trustpilot": Trustpilot(server.url),
                "app_store": AppStore(server.url),
                "play_store": PlayStore(server.url, f"{server.url}/token"),
            }
            if kind in made:
                monkeypatch.setitem(connectors._entries, kind, made[kind])
            if isinstance(server, MastodonServer):
                values["server"] = server.url
            if isinstance(server, PlayServer):
                monkeypatch.setenv("AMENDS_REVIEWS_ACCOUNT", server.account())
            if kind == "feed":
                values["url"] = f"{server.url}/feed"
        given = {"name": f"{kind} of London", "complaints_since": BEGIN - timedelta(days=30)} | changes
        return add_source(actor=SYSTEM, new=NewSource(kind=kind, unit_id=house.london.pk, values=values, **given))

    return make
