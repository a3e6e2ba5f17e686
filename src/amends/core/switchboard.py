"""Live news inside one process: one LISTEN on the database, fanned out to every open event stream."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from amends.core.news import CHANNEL

BACKLOG = 200
"""News one stream may be behind; then it is told to read everything again."""
RETRY = 2.0
News = dict[str, Any]
RESYNC: News = {"topic": "resync"}

log = logging.getLogger(__name__)


class Switchboard:
    """Hears the database's announcements and hands each to every subscriber. One for each event loop of a process."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self._parameters = parameters
        self._subscribers: set[asyncio.Queue[News]] = set()
        self._task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()

    def subscribe(self) -> asyncio.Queue[News]:
        """A queue that receives all news from now on; the first subscriber starts the listening."""
        queue: asyncio.Queue[News] = asyncio.Queue(maxsize=BACKLOG)
        self._subscribers.add(queue)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen())
        return queue

    def unsubscribe(self, queue: asyncio.Queue[News]) -> None:
        """Stop delivering to `queue`; the last one out ends the listening."""
        self._subscribers.discard(queue)
        if not self._subscribers and self._task is not None:
            self._task.cancel()
            self._task = None
            self.listening.clear()

    async def _listen(self) -> None:
        first = True
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True) as wire:
                    await wire.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    self.listening.set()
                    if not first:
                        self._deliver(
                            RESYNC
                        )  # what was announced while nobody listened is lost; the streams look again
                    first = False
                    async for notice in wire.notifies():
                        self._deliver(json.loads(notice.payload))
            except (psycopg.Error, OSError) as error:
                log.warning("The live news lost the database: %s", type(error).__name__)
            self.listening.clear()
            await asyncio.sleep(RETRY)

    def _deliver(self, news: News) -> None:
        for queue in self._subscribers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(RESYNC)
            else:
                queue.put_nowait(news)


_switchboards: dict[int, Switchboard] = {}


def listening_parameters() -> dict[str, Any]:
    """How to reach the database outside of Django's connections."""
    known = ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert", "connect_timeout")
    parameters = connection.get_connection_params()
    return {name: parameters[name] for name in known if parameters.get(name)} | {"application_name": "amends news"}


def switchboard() -> Switchboard:
    """The switchboard of the running event loop."""
    loop = id(asyncio.get_running_loop())
    if loop not in _switchboards:
        _switchboards[loop] = Switchboard(listening_parameters())
    return _switchboards[loop]
