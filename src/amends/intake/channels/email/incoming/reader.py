"""The threads that read the mailboxes: one for each, so that a slow or broken server holds up nobody else."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import django.db
import psycopg

from amends.core.outage import database_is_away
from amends.intake.channels.email.incoming import cursor
from amends.intake.channels.email.incoming.imap import MailboxTrouble, SessionBroken, open_session
from amends.intake.channels.email.incoming.locks import ReadingLocks
from amends.intake.channels.email.incoming.oauth import Tokens
from amends.intake.channels.email.incoming.pull import begin, pull
from amends.intake.channels.email.models import Mailbox

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 30.0
"""How often a mailbox is looked at whose server does not offer IDLE."""
COMPARE_SECONDS: Final = 3600.0
"""How often every number on the server is compared with ours."""
FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 300.0
OTHERS_PAUSE: Final = 10.0
LOOK_SECONDS: Final = 5.0
# The library writes whole conversations into its log at DEBUG.
logging.getLogger("imapclient").setLevel(logging.WARNING)


def pause_after(failures: int, chance: float) -> float:
    """Seconds until the next try: doubling from two seconds to five minutes, spread by `chance` (0..1) by a fifth."""
    return float(min(FIRST_PAUSE * 2.0 ** min(failures - 1, 12), LONGEST_PAUSE) * (0.9 + 0.2 * chance))


class Reader:
    """Reads one mailbox until it is told to stop."""

    def __init__(self, mailbox_id: int, *, locks: ReadingLocks, tokens: Tokens) -> None:
        self.mailbox_id = mailbox_id
        self.stop = threading.Event()
        self._locks = locks
        self._tokens = tokens
        self._one_by_one = False
        self._failures = 0

    def run(self) -> None:
        """Until `stop` is set. Nothing that a server or a message does ends this loop."""
        while not self.stop.is_set():
            pause = self._turn()
            django.db.connection.close()
            self.stop.wait(pause)
        try:
            self._locks.release(self.mailbox_id)
        except psycopg.Error:
            log.info("mailbox_lock_went_with_its_connection", extra={"mailbox": self.mailbox_id})

    def _turn(self) -> float:
        """Read as long as it goes well; returns the seconds to wait before the next turn."""
        try:
            if not self._locks.acquire(self.mailbox_id):
                return OTHERS_PAUSE
            self._read()
            return 0.0
        except MailboxTrouble as trouble:
            self._one_by_one = isinstance(trouble, SessionBroken)
            log.warning("mailbox_not_read", extra={"mailbox": self.mailbox_id, "kind": type(trouble).__name__})
            self._note(str(trouble))
        except Exception as mistake:
            if database_is_away(mistake):
                log.warning("mailbox_waits_for_the_database", extra={"mailbox": self.mailbox_id})
            else:
                log.exception("mailbox_reader_stumbled", extra={"mailbox": self.mailbox_id})
                self._note(f"Amends stumbled ({type(mistake).__name__}); its log says more.")
        self._failures += 1
        return pause_after(self._failures, random.random())  # noqa: S311  # spreads load, keeps no secret

    def _note(self, problem: str) -> None:
        try:
            cursor.note_trouble(mailbox_id=self.mailbox_id, problem=problem)
        except (django.db.Error, psycopg.Error):
            log.warning("mailbox_trouble_not_noted", extra={"mailbox": self.mailbox_id})

    def _read(self) -> None:
        """One session: everything there is, then whatever comes."""
        row = Mailbox.objects.get(pk=self.mailbox_id)
        with open_session(row, self._tokens) as session:
            mailbox = begin(self.mailbox_id, session)
            compare_at = 0.0
            while not self.stop.is_set() and self._locks.holds(self.mailbox_id):
                everything = time.monotonic() >= compare_at
                done = pull(mailbox, session, everything=everything, one_by_one=self._one_by_one)
                if everything:
                    compare_at = time.monotonic() + COMPARE_SECONDS
                cursor.note_contact(mailbox_id=self.mailbox_id)
                self._failures, self._one_by_one = 0, False
                if done.kept or done.failed:
                    log.info(
                        "mailbox_read", extra={"mailbox": self.mailbox_id, "kept": done.kept, "failed": done.failed}
                    )
                django.db.connection.close()  # nothing is held while nothing happens
                session.wait(self.stop, POLL_SECONDS if not session.can_idle else COMPARE_SECONDS)


class Readers:
    """All active mailboxes of the installation; follows the table, so that a change needs no restart."""

    def __init__(self, *, locks: ReadingLocks | None = None, tokens: Tokens | None = None) -> None:
        self._locks = locks or ReadingLocks()
        self._tokens = tokens or Tokens()
        self._running: dict[int, tuple[Reader, threading.Thread, datetime]] = {}

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; waits for the readers to end."""
        try:
            while not stop.is_set():
                self._safely(self._follow)
                django.db.connection.close()
                stop.wait(LOOK_SECONDS)
        finally:
            self._end(list(self._running))
            self._locks.close()
            django.db.connection.close()

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            # Most often the database is away; the readers that run go on, and we look again.
            log.exception("mailboxes_not_followed")

    def _follow(self) -> None:
        """Start, stop and restart readers so that they are those of the table."""
        wanted = dict(Mailbox.objects.filter(active=True).values_list("pk", "changed_at"))
        self._end([one for one, (_, _, changed) in self._running.items() if wanted.get(one) != changed])
        for mailbox_id, changed_at in wanted.items():
            if mailbox_id not in self._running:
                reader = Reader(mailbox_id, locks=self._locks, tokens=self._tokens)
                thread = threading.Thread(target=reader.run, name=f"mailbox-{mailbox_id}", daemon=True)
                self._running[mailbox_id] = (reader, thread, changed_at)
                thread.start()

    def _end(self, mailbox_ids: list[int]) -> None:
        for one in mailbox_ids:
            self._running[one][0].stop.set()
        for one in mailbox_ids:
            self._running.pop(one)[1].join(10)
