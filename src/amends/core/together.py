"""One piece of work: what it has read it does not read again, and what it notes is written in one go at its end.

A verb calls other verbs, and events call their handlers, all in one transaction. Each of them is right alone: it locks the
case, reads the settings of the unit, appends to the record. Inside a piece of work they share. The case that is locked is
the same object for all of them; settings are read once; rows of the record, and news for open pages, are gathered and
written before the commit. Outside of one, everything is as if this module were not there.

A piece of work is one transaction, so nothing in it can be seen half done. A real savepoint in it (`transaction.atomic()`)
is a part that may fail alone: what was gathered is written before it begins, and what happens there is neither shared nor
gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connection, transaction

T = TypeVar("T")


@dataclass(slots=True)
class Piece:
    """What a piece of work has read, and what it still has to write."""

    savepoints: int
    outer: Piece | None = None
    read: dict[Hashable, Any] = field(default_factory=dict)
    to_write: dict[Hashable, Any] = field(default_factory=dict)
    writers: dict[Hashable, Callable[[Any], None]] = field(default_factory=dict)


_piece: ContextVar[Piece | None] = ContextVar("amends_piece_of_work", default=None)


@contextmanager
def piece_of_work() -> Iterator[None]:
    """A transaction whose parts share; inside another one it belongs to that."""
    if _here() is not None:
        with transaction.atomic(savepoint=False):
            yield
        return
    with transaction.atomic():
        piece = Piece(_savepoints(), _piece.get())
        token = _piece.set(piece)
        try:
            with connection.execute_wrapper(_before_a_part_that_may_fail):
                yield
                _write(piece)
        finally:
            _piece.reset(token)


def _before_a_part_that_may_fail(
    execute: Callable[..., Any], statement: str, parameters: Any, many: bool, context: dict[str, Any]
) -> Any:
    """What was gathered must not disappear with the part, and stands before what the part writes."""
    if statement.startswith("SAVEPOINT") and (piece := _here()) is not None:
        _write(piece)
    return execute(statement, parameters, many, context)


@contextmanager
def together() -> Iterator[None]:
    """The transaction of a verb: a savepoint of its own, except in a piece of work, which succeeds or fails as one."""
    with transaction.atomic(savepoint=_here() is None):
        yield


def read_once(what: Hashable, read: Callable[[], T]) -> T:
    """What was read before in this piece of work, else what `read` gives now."""
    piece = _here()
    if piece is None:
        return read()
    if what not in piece.read:
        piece.read[what] = read()
    found: T = piece.read[what]
    return found


def known(what: Hashable) -> Any:
    """What is shared under this name; None when nothing is."""
    piece = _here()
    return None if piece is None else piece.read.get(what)


def share(what: Hashable, value: Any) -> None:
    """Share this from now on, where parts share."""
    piece = _here()
    if piece is not None:
        piece.read[what] = value


def forget(what: Hashable) -> None:
    """Share this no longer, wherever we are: it is read anew."""
    piece = _piece.get()
    while piece is not None:
        piece.read.pop(what, None)
        piece = piece.outer


def gather(what: Hashable, start: Callable[[], T], writer: Callable[[T], None]) -> T | None:
    """The collection in which this piece of work gathers what `writer` writes at its end; None: write it yourself."""
    piece = _here()
    if piece is None:
        return None
    if what not in piece.to_write:
        piece.to_write[what] = start()
        piece.writers[what] = writer
    collection: T = piece.to_write[what]
    return collection


def write_now(what: Hashable) -> None:
    """Write what was gathered under this name so far, because what comes next stands behind it."""
    piece = _piece.get()
    if piece is not None and what in piece.to_write:
        piece.writers[what](piece.to_write.pop(what))


def _write(piece: Piece) -> None:
    while piece.to_write:
        what = next(iter(piece.to_write))
        piece.writers[what](piece.to_write.pop(what))


def _here() -> Piece | None:
    """The piece of work, unless we are in a part of it that may fail alone."""
    piece = _piece.get()
    if piece is None or _savepoints() != piece.savepoints:
        return None
    return piece


def _savepoints() -> int:
    return sum(one is not None for one in connection.savepoint_ids)
