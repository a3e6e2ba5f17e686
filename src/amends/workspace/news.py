"""Live news for open pages.

The stream says only *that* something changed and where; the page then asks for the part with its own rights.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

from amends.accounts.public import Actor
from amends.core.switchboard import RESYNC, News, switchboard

HEARTBEAT = 20.0
"""Seconds between comments that keep proxies from closing a silent stream."""
LIFETIME = 900.0
"""Seconds a stream lives: the page opens a new one, and whoever signed out or lost a role is found out then."""

PATIENCE = 5.0
"""Seconds a new stream waits until the process hears the database, so that "open" means that nothing is missed."""


def addressed_to(news: News, actor: Actor) -> News | None:
    """What the page of this actor may hear of a piece of news, or None (PURE)."""
    topic = news.get("topic")
    if topic == "resync":
        return RESYNC
    if topic == "case_changed":
        return (
            {"topic": "complaint", "complaint": news.get("complaint")}
            if actor.sees_case(int(news.get("unit") or 0), news.get("team"))
            and ("only" not in news or actor.user_id in news["only"])
            else None
        )
    if topic == "notification":
        return {"topic": "alert"} if actor.user_id in (news.get("users") or ()) else None
    return None


async def stream(actor: Actor) -> AsyncIterator[bytes]:
    """The bytes of one page's event stream, until the page goes away or `LIFETIME` is over."""
    board = switchboard()
    queue = board.subscribe()
    try:
        with suppress(TimeoutError):  # a page may open while the database is away: it hears of everything later
            await asyncio.wait_for(board.listening.wait(), PATIENCE)
        yield b"retry: 3000\n: hello\n\n"
        end = asyncio.get_running_loop().time() + LIFETIME
        while asyncio.get_running_loop().time() < end:
            try:
                news = addressed_to(await asyncio.wait_for(queue.get(), HEARTBEAT), actor)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if news is not None:
                yield f"data: {json.dumps(news, separators=(',', ':'))}\n\n".encode()
    finally:
        board.unsubscribe(queue)
