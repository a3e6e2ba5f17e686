"""Live news: who hears what, and that nothing is lost when the database goes away for a moment."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from amends.accounts.public import SYSTEM, Actor
from amends.core import switchboard as boards
from amends.core.news import CHANNEL
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
