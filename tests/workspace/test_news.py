"""Live news: who hears what, and that nothing is lost when the database goes away for a moment."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import psycopg
import pytest
from django.test import Client

from amends.accounts.public import SYSTEM, Actor, User
from amends.core import switchboard as boards
from amends.core.news import CHANNEL, announce, mark, missed_since
from amends.workspace import news

LONDON = Actor(kind="user", id=7, name="Alice", unit_ids=frozenset({2, 3}))
EVERYWHERE = Actor(kind="user", id=8, name="Dora", unit_ids=None)


@pytest.mark.parametrize(
    ("said", "actor", "heard"),
    [
        ({"topic": "case_changed", "complaint": 5, "unit": 2}, LONDON, {"topic": "complaint", "complaint": 5}),
        ({"topic": "case_changed", "complaint": 5, "unit": 4}, LONDON, None),
        ({"topic": "case_changed", "complaint": 5, "unit": 4}, EVERYWHERE, {"topic": "complaint", "complaint": 5}),
        ({"topic": "case_changed", "complaint": 5}, LONDON, None),
        ({"topic": "notification", "users": [7, 9]}, LONDON, {"topic": "alert"}),
        ({"topic": "notification", "users": [9]}, LONDON, None),
        ({"topic": "notification", "users": [9]}, SYSTEM, None),
        ({"topic": "resync"}, LONDON, {"topic": "resync"}),
        ({"topic": "something new"}, LONDON, None),
        ({}, LONDON, None),
    ],
)
def test_everybody_hears_only_what_is_theirs(said: dict[str, Any], actor: Actor, heard: dict[str, Any] | None) -> None:
    assert news.addressed_to(said, actor) == heard


@pytest.mark.django_db(transaction=True)
def test_pages_look_again_after_the_database_was_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "RETRY", 0.05)
    parameters = boards.listening_parameters()

    async def scene() -> list[dict[str, Any]]:
        board = boards.Switchboard(parameters)
        queue = board.subscribe()
        await asyncio.wait_for(board.listening.wait(), 10)
        async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as other:
            await other.execute("SELECT pg_notify(%s, %s)", [CHANNEL, '{"topic": "first"}'])
            heard = [await asyncio.wait_for(queue.get(), 10)]
            await other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'amends news' "
                "AND datname = current_database() AND pid <> pg_backend_pid()"
            )
            heard.append(await asyncio.wait_for(queue.get(), 10))
            await other.execute("SELECT pg_notify(%s, %s)", [CHANNEL, '{"topic": "last"}'])
            heard.append(await asyncio.wait_for(queue.get(), 10))
        board.unsubscribe(queue)
        await asyncio.sleep(0.1)
        return heard

    assert asyncio.run(scene()) == [{"topic": "first"}, {"topic": "resync"}, {"topic": "last"}]


@pytest.mark.django_db(transaction=True)
def test_a_page_that_falls_behind_is_told_to_look_again_instead_of_filling_the_memory() -> None:
    async def scene() -> list[dict[str, Any]]:
        board = boards.Switchboard(boards.listening_parameters())
        queue = board.subscribe()
        for number in range(boards.BACKLOG + 1):
            board._deliver({"topic": str(number)})
        board.unsubscribe(queue)
        await asyncio.sleep(0.1)
        return [queue.get_nowait() for _ in range(queue.qsize())]

    assert asyncio.run(scene()) == [news.RESYNC]


@pytest.mark.django_db(transaction=True)
def test_a_stream_beats_while_nothing_happens_and_ends_so_that_rights_are_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(news, "HEARTBEAT", 0.05)
    monkeypatch.setattr(news, "LIFETIME", 0.2)
    parameters = boards.listening_parameters()
    monkeypatch.setattr(boards, "listening_parameters", lambda: parameters)

    async def scene() -> list[bytes]:
        parts = [part async for part in news.stream(LONDON)]
        await asyncio.sleep(0.1)
        return parts

    parts = asyncio.run(scene())
    assert parts[0].startswith(b"retry: ")
    assert parts[1:]
    assert set(parts[1:]) == {b": still here\n\n"}


@pytest.mark.django_db(transaction=True)
def test_a_stream_says_hello_only_once_it_would_hear_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = boards.listening_parameters()
    monkeypatch.setattr(boards, "listening_parameters", lambda: parameters)

    async def scene() -> list[bytes]:
        pages = news.stream(EVERYWHERE)
        parts = [await anext(pages)]
        async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as other:
            await other.execute("SELECT pg_notify(%s, %s)", [CHANNEL, '{"topic": "notification", "users": [8]}'])
        parts.append(await asyncio.wait_for(anext(pages), 10))
        await pages.aclose()
        await asyncio.sleep(0.1)
        return parts

    hello, heard = asyncio.run(scene())
    assert hello.startswith(b"retry: ")
    assert heard == b'data: {"topic":"alert"}\n\n'


@pytest.mark.django_db(transaction=True)
def test_a_page_can_ask_whether_it_missed_anything_since_it_was_made(alice: User) -> None:
    client = Client(headers={"Accept": "text/html"})
    client.force_login(alice)
    page = client.get("/queue/all/").content.decode()
    found = re.search('data-mark="([0-9, ]+)"', page)
    assert found, page
    # Others write into the same server meanwhile, so that one quiet moment among many must do.
    assert any(not client.get("/news/missed/", {"since": mark()}).json()["missed"] for _ in range(50))
    announce("notification", users=[alice.pk])
    assert client.get("/news/missed/", {"since": found[1]}).json() == {"missed": True}


@pytest.mark.django_db(transaction=True)
def test_what_was_announced_but_not_yet_committed_when_the_page_was_made_counts_as_missed() -> None:
    with psycopg.connect(**boards.listening_parameters()) as other:
        other.execute("CREATE TEMPORARY TABLE writes (one int)")
        other.execute("SELECT nextval('amends_news'), pg_notify(%s, '{}')", [CHANNEL])
        before = mark()
        other.commit()
    assert missed_since(before)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said", ["", "\x00", "1", "1 2 3", "99999999999999999999 ", "1 ,", "-1 ", "1 " + "9," * 5000, "١ "]
)
def test_a_page_with_a_mark_that_is_none_looks_again(said: str) -> None:
    assert missed_since(said)
