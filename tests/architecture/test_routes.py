"""Every route names its permission, and an outsider gets 404 on every case route of the pages and the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.people import House

from amends.accounts.public import SYSTEM, Permission, User, create_token
from amends.cases.public import Complaint

KNOWN = {*Permission, "public"}


def routes(patterns: list[Any] | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, path)
        else:
            yield path, one


PAGES = [(path, one) for path, one in routes() if not path.startswith("api/")]


@pytest.mark.parametrize(("path", "route"), PAGES, ids=[path for path, _ in PAGES])
def test_every_page_names_its_permission(path: str, route: URLPattern) -> None:
    assert getattr(route.callback, "amends_permission", None) in KNOWN, f"{path} names no permission"


def test_every_operation_of_the_api_names_its_permission() -> None:
    from amends.config.api import api

    missing = [
        f"{operation.methods} {path}"
        for _, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        if getattr(operation.view_func, "amends_permission", None) not in KNOWN
    ]
    assert missing == []


CASE_ROUTES = sorted({path for path, _ in routes() if re.search(r"<(str:)?reference>", path)})


def address(path: str, reference: str) -> str:
    """A route with the case's reference filled in, and 1 or a word for everything else."""
    path = re.sub(r"<(str:)?reference>", reference, path)
    path = re.sub(r"<int:\w+>", "1", path)
    path = re.sub(r"<uuid:\w+>", "00000000-0000-0000-0000-000000000001", path)
    return "/" + re.sub(r"<(\w+:)?\w+>", "x", path)


def test_there_are_case_routes() -> None:
    assert len(CASE_ROUTES) >= 15


@pytest.mark.parametrize("path", CASE_ROUTES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_outsider_gets_404_on_every_case_route(
    client: Client, complaint: Complaint, charlie: User, house: House, path: str, method: str
) -> None:
    """Where a body is checked before the case is looked up, the answer is the same as for a case that does not exist."""
    secret = create_token(actor=SYSTEM, name="outsider", scopes=["intake", "read", "work", "review"], unit=house.berlin)
    client.force_login(charlie)

    def ask(reference: str) -> Any:
        if path.startswith("api/"):
            headers = {"Authorization": f"Bearer {secret}"}
            more = {"data": {**BODY, "owner": None}, "content_type": "application/json"} if method == "post" else {}
            return getattr(client, method)(address(path, reference), headers=headers, **more)
        return getattr(client, method)(address(path, reference), **({"data": BODY} if method == "post" else {}))

    theirs, absent = ask(complaint.reference or ""), ask("AM-1999-999999")
    assert theirs.status_code in (404, 405, 422), f"{method} {path}: {theirs.status_code}"
    assert (theirs.status_code, theirs.content) == (absent.status_code, absent.content)
    assert b"Maya" not in theirs.content


BODY = {
    "action": "close", "text": "x", "words": "x", "reason": "x", "severity": "1", "owner": "", "team": "", "what": "x", "due": "2030-01-01",
    "answer": "accepted", "summary": "x", "remedies": [], "steps": [], "cause": "other", "symptom": "x",
}  # fmt: skip


@pytest.mark.parametrize("path", [one for one in CASE_ROUTES if not one.startswith("api/")])
def test_somebody_who_is_not_signed_in_sees_no_case(client: Client, complaint: Complaint, path: str) -> None:
    answer = client.get(address(path, complaint.reference or ""))
    assert answer.status_code in (302, 405)
    assert b"Maya" not in answer.content


@pytest.mark.parametrize("path", [one for one in CASE_ROUTES if not one.startswith("api/")])
@pytest.mark.parametrize("odd", ["%00", "AM-2026-000001%00", "%F0%9F%98%80", "x" * 3000])
def test_odd_references_find_no_case(client: Client, complaint: Complaint, charlie: User, path: str, odd: str) -> None:
    client.force_login(charlie)
    assert client.get(address(path, odd)).status_code in (404, 405)
