"""One mailbox is read by one process at a time, however many run: advisory locks on a connection of their own.

PostgreSQL gives the locks back when the connection ends, so a process that dies leaves none behind. A connection to a
pooler in transaction mode cannot hold them; what would then be read twice is still kept once (`pulled_mail_once`).
"""

from __future__ import annotations

import threading
from typing import Any, Final

import psycopg
from django.db import connection

NAMESPACE: Final = 7304


class ReadingLocks:
    """The mailboxes that this process reads. May be used by several threads."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._held: set[int] = set()

    def acquire(self, mailbox_id: int) -> bool:
        """Whether this process may read the mailbox now.

        Raises:
            psycopg.OperationalError: the database is away.
        """
        with self._mutex:
            if mailbox_id in self._held and self._lives():
                return True
            row = self._connected().execute("SELECT pg_try_advisory_lock(%s, %s)", [NAMESPACE, mailbox_id]).fetchone()
            if row is not None and row[0]:
                self._held.add(mailbox_id)
                return True
            return False

    def holds(self, mailbox_id: int) -> bool:
        """Whether the lock is still ours: it is lost with its connection."""
        with self._mutex:
            return mailbox_id in self._held and self._lives()

    def release(self, mailbox_id: int) -> None:
        """Let another process read it."""
        with self._mutex:
            if mailbox_id in self._held and self._lives():
                self._connected().execute("SELECT pg_advisory_unlock(%s, %s)", [NAMESPACE, mailbox_id])
            self._held.discard(mailbox_id)

    def close(self) -> None:
        """Give everything back."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._held.clear()

    def _lives(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            self._connection.close()
            self._connection = None
            self._held.clear()
            return False
        return True

    def _connected(self) -> psycopg.Connection[Any]:
        if not self._lives():
            values = connection.get_connection_params()
            self._connection = psycopg.connect(
                **{**values, "cursor_factory": psycopg.Cursor, "application_name": "amends-mailboxes"}, autocommit=True
            )
        assert self._connection is not None
        return self._connection
