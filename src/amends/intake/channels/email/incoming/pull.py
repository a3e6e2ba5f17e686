"""Read everything in a folder that we do not have yet: by the messages' numbers, never by dates or flags."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.conf import settings
from django.db import transaction

from amends.core.outage import database_is_away
from amends.intake.channels.email.incoming import cursor
from amends.intake.channels.email.incoming.imap import MessageRefused, Session, SessionBroken
from amends.intake.channels.email.models import Mailbox, PulledState

log = logging.getLogger(__name__)

ASKED_AT_ONCE: Final = 200
FETCHED_AT_ONCE: Final = 50
FETCHED_OCTETS: Final = 8 * 1024 * 1024


@dataclass(slots=True)
class Pulled:
    """What one pass did."""

    kept: int = 0
    known: int = 0
    failed: int = 0


def begin(mailbox_id: int, session: Session) -> Mailbox:
    """The mailbox, with the numbering that this session has; a new one starts from the first message again.

    When it was asked for, what was there before the first contact is left aside, then and after a new numbering.
    """
    mailbox = Mailbox.objects.get(pk=mailbox_id)
    validity = session.folder.uid_validity
    aside: list[int] = []
    if mailbox.skip_existing and mailbox.uid_validity != validity:
        aside = session.uids()
        if mailbox.first_contact_at is not None:
            # The old messages have new numbers: only the server's own date of their arrival tells them.
            since = mailbox.first_contact_at
            dated = (session.dates(some) for some in _chunks(aside, ASKED_AT_ONCE))
            aside = [uid for dates in dated for uid, at in dates.items() if at < since]
    with transaction.atomic():
        mailbox = cursor.begin_numbering(mailbox_id=mailbox_id, uid_validity=validity)
        cursor.note_absent(mailbox=mailbox, uids=aside, state=PulledState.SKIPPED)
    return mailbox


def pull(mailbox: Mailbox, session: Session, *, everything: bool, one_by_one: bool = False) -> Pulled:
    """Keep what is new.

    Args:
        everything: compare all numbers on the server with ours, not only those above the cursor: nothing can hide then.
        one_by_one: after a broken connection, so that the message that broke it is known by its number.

    Raises:
        SessionBroken: the connection is gone; what was kept is kept.
    """
    done = Pulled()
    after = 0 if everything else cursor.position(mailbox)
    known = cursor.known_uids(mailbox) if everything else set()
    missing = [uid for uid in session.uids(after=after) if uid not in known]
    for some in _chunks(missing, ASKED_AT_ONCE):
        _pull_some(mailbox, session, some, done, 1 if one_by_one else FETCHED_AT_ONCE)
    for uid in cursor.due_again(mailbox):
        _pull_some(mailbox, session, [uid], done, 1)
    return done


def _chunks(uids: Iterable[int], size: int) -> Iterator[list[int]]:
    left = iter(uids)
    while some := list(islice(left, size)):
        yield some


def _pull_some(mailbox: Mailbox, session: Session, uids: Sequence[int], done: Pulled, at_once: int) -> None:
    sizes = session.sizes(uids)
    cursor.note_absent(mailbox=mailbox, uids=[uid for uid in uids if uid not in sizes])
    group: list[int] = []
    octets = 0
    for uid in (uid for uid in uids if uid in sizes):
        large = sizes[uid] > settings.AMENDS_MAIL_SIZE_LIMIT
        if group and (large or len(group) >= at_once or octets + sizes[uid] > FETCHED_OCTETS):
            _fetch(mailbox, session, group, done)
            group, octets = [], 0
        if large:
            _keep_header(mailbox, session, uid, sizes[uid], done)
        else:
            group.append(uid)
            octets += sizes[uid]
    if group:
        _fetch(mailbox, session, group, done)


def _fetch(mailbox: Mailbox, session: Session, uids: Sequence[int], done: Pulled) -> None:
    """Fetch and keep some messages; when one of them is refused, each by itself."""
    try:
        bodies = session.bodies(uids)
    except MessageRefused as refusal:
        if len(uids) > 1:
            for uid in uids:
                _fetch(mailbox, session, [uid], done)
        else:
            _failed(mailbox, uids[0], str(refusal), done)
        return
    except SessionBroken as problem:
        if len(uids) == 1:
            _failed(mailbox, uids[0], str(problem), done)
        raise
    cursor.note_absent(mailbox=mailbox, uids=[uid for uid in uids if uid not in bodies])
    for uid in sorted(bodies):
        _keep(mailbox, uid, bodies[uid], "", done)


def _keep_header(mailbox: Mailbox, session: Session, uid: int, size: int, done: Pulled) -> None:
    """A message that is too large is not fetched whole, and not lost: a person sees who wrote it and about what."""
    try:
        header = session.bodies([uid], only_header=True).get(uid, b"")
    except MessageRefused:
        header = b""
    words = (
        f"It has {size:,} bytes, more than the limit of {settings.AMENDS_MAIL_SIZE_LIMIT:,}: only its head was fetched. "
        f"The whole mail is in the mailbox “{mailbox.name}”."
    )
    _keep(mailbox, uid, header, words, done)


def _keep(mailbox: Mailbox, uid: int, raw: bytes, problem: str, done: Pulled) -> None:
    try:
        new = cursor.keep(mailbox=mailbox, uid=uid, raw=raw, problem=problem)
    except Exception as mistake:
        if database_is_away(mistake):
            raise
        # One message that we cannot even keep must not stop the others.
        log.exception("pulled_mail_not_kept", extra={"mailbox": mailbox.pk, "uid": uid})
        _failed(mailbox, uid, f"It could not be kept ({type(mistake).__name__}).", done)
        return
    done.kept += new
    done.known += not new


def _failed(mailbox: Mailbox, uid: int, problem: str, done: Pulled) -> None:
    cursor.note_failure(mailbox=mailbox, uid=uid, problem=problem)
    done.failed += 1
