"""The event streams of a chat. A line is read from the database with its id, so that a stream that broke goes on where it was.

The order of ids is the order of commits, because every line is written under the lock of its case: nothing with a smaller
id can appear later. News only say that it is worth looking; a look every few seconds would miss nothing either.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from amends.core.switchboard import News, switchboard
from amends.intake.channels.chat.rules import HEARTBEAT

LIFETIME = 900.0
"""Seconds a stream lives: the page opens a new one, and whoever lost a right is found out then."""
MOST = 12
"""Streams of one chat in one process; more are not the pages of two people."""
_open: Counter[int] = Counter()


@dataclass(frozen=True, slots=True)
class Look:
    """One look into the database: lines as (id, values), and what else the page should know now."""

    lines: list[tuple[int, dict[str, Any]]]
    state: dict[str, Any]


def crowded(key: int) -> bool:
    """Whether too many streams of this chat are open here already."""
    return _open[key] >= MOST


async def stream(
    *,
    key: int,
    after: int,
    look: Callable[[int], Look],
    alive: Callable[[], None],
    concerns: Callable[[News], bool],
) -> AsyncIterator[bytes]:
    """The bytes of one page's stream: events `line` (with ids) and `state`, until the page goes away or `LIFETIME` is over.

    Args:
        key: the chat (0 for the list), to count its streams.
        after: the id of the last line the page has; 0 for none.
        look: reads what is new after an id; runs in a thread.
        alive: notes that the page is there; runs in a thread every few seconds.
        concerns: whether a piece of news is about this page.
    """
    board = switchboard()
    queue = board.subscribe()
    _open[key] += 1
    loop = asyncio.get_running_loop()
    end, state = loop.time() + LIFETIME, None
    try:
        yield b"retry: 2000\n\n"
        await _listening(board.listening)
        while loop.time() < end:
            await _in_thread(alive)
            due = loop.time() + HEARTBEAT
            while True:
                found = await _in_thread(look, after)
                for number, line in found.lines:
                    after = max(after, number)
                    yield _event("line", line, number)
                if found.state != state:
                    state = found.state
                    yield _event("state", state)
                if not found.lines and not await _heard(queue, concerns, due - loop.time()):
                    break
            yield b": still here\n\n"
    finally:
        board.unsubscribe(queue)
        _open[key] -= 1
        if not _open[key]:
            del _open[key]


async def _listening(ready: asyncio.Event) -> None:
    """Listen before the first look: what is written in between is heard. Without a database the look finds out itself."""
    try:
        await asyncio.wait_for(ready.wait(), 5)
    except TimeoutError:
        return


async def _heard(queue: asyncio.Queue[News], concerns: Callable[[News], bool], seconds: float) -> bool:
    """Wait for news about this page; False when the time for the next sign of life has come."""
    loop = asyncio.get_running_loop()
    end = loop.time() + max(seconds, 0)
    while (left := end - loop.time()) > 0:
        try:
            news = await asyncio.wait_for(queue.get(), left)
        except TimeoutError:
            return False
        if news.get("topic") == "resync" or concerns(news):
            return True
    return False


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    def run() -> Any:
        try:
            return work(*arguments)
        finally:
            connection.close()  # the stream stays open for long: it keeps none of the pool's connections

    return await sync_to_async(run)()


def _event(name: str, values: dict[str, Any], number: int | None = None) -> bytes:
    head = f"id: {number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(values, separators=(',', ':'))}\n\n".encode()
