"""Writing the record and sealing it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from django.db import OperationalError, connection, transaction

from amends.accounts.public import Actor
from amends.audit.chain import START, Row, row_hash, seal_hash
from amends.audit.models import Record, Seal
from amends.core import clock
from amends.core.together import gather, write_now

Entry = tuple[str, Mapping[str, Any]]
"""`(kind, data)` of one thing that happened."""


def record(*, actor: Actor, chain: str, kind: str, data: Mapping[str, Any] | None = None) -> None:
    """Append one row to the chain of a subject, in the caller's transaction."""
    record_many(actor=actor, chain=chain, entries=[(kind, data or {})])


def hold(chain: str) -> None:
    """Let nobody else write into this chain until the transaction ends.

    For whoever first changes a row that other writers of the chain change too: taken first, no two wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM audit_end_of(%s)", [chain])


def record_many(*, actor: Actor, chain: str, entries: Sequence[Entry], new_chain: bool = False) -> None:
    """Append rows in order; in a piece of work they are written with all others at its end. `new_chain` says that the
    subject was created in this transaction, which saves a query.

    Raises:
        RuntimeError: there is no open transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("The record is written in the transaction of the change it describes.")
    at = clock.now()
    rows = [Row(chain, -1, at, kind, actor.kind, actor.id, actor.name[:200], data) for kind, data in entries]
    gathered = gather(Record, Gathered, _append)
    if gathered is None:
        write_now(Record)  # rows of this chain may be waiting, and come first
        gathered = Gathered()
        gathered.add(chain, rows, new_chain=new_chain)
        _append(gathered)
    else:
        gathered.add(chain, rows, new_chain=new_chain)


@dataclass(slots=True)
class Gathered:
    """Rows without number and hash, by chain in their order, and which chains begin here."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    new: set[str] = field(default_factory=set)

    def add(self, chain: str, rows: Sequence[Row], *, new_chain: bool) -> None:
        """Put rows at the end of a chain."""
        if new_chain:
            self.new.add(chain)
        self.rows.setdefault(chain, []).extend(rows)


def _append(gathered: Gathered) -> None:
    """Number, hash and write the rows: one insert for all. Chains are taken in the order of their names, as everywhere."""
    records = []
    for chain in sorted(gathered.rows):
        seq, previous = (0, START) if chain in gathered.new else _end_of(chain)
        for unnumbered in gathered.rows[chain]:
            row = replace(unnumbered, seq=seq)
            value = row_hash(previous, row)
            records.append(as_record(row, previous, value))
            seq, previous = seq + 1, value
    Record.objects.bulk_create(records)


def record_new_chains(*, actor: Actor, entries: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    """Begin many chains at once, for imports: `(chain, kind, data)` each, with one COPY."""
    at, name = clock.now(), actor.name[:200]
    columns = "chain, seq, at, kind, actor_kind, actor_id, actor_name, data, previous, hash"
    statement = f"COPY audit_record ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cast("Any", cursor).copy(statement) as copy:
        for chain, kind, data in entries:
            value = row_hash(START, Row(chain, 0, at, kind, actor.kind, actor.id, name, data))
            document = json.dumps(data, ensure_ascii=False)
            copy.write_row((chain, 0, at, kind, actor.kind, actor.id, name, document, START, value))


def as_record(row: Row, previous: bytes, value: bytes) -> Record:
    """The model of a hashed row, not saved."""
    return Record(
        chain=row.chain,
        seq=row.seq,
        at=row.at,
        kind=row.kind,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        data=dict(row.data),
        previous=previous,
        hash=value,
    )


def _end_of(chain: str) -> tuple[int, bytes]:
    """The next number and the last hash of a chain, which stays ours until the transaction ends (one round trip)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM audit_end_of(%s)", [chain])
        last = cursor.fetchone()
    return (0, START) if last is None else (last[0] + 1, bytes(last[1]))


def seal() -> int:
    """Seal every row committed so far that is not sealed; the number of rows sealed (0: nothing new, or writers were busy).

    Ids are given before rows are committed, so a plain `max(id)` could skip a row that commits later. A short SHARE lock waits
    for the writers in flight; after it no row up to `max(id)` can appear any more.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '500ms'")
            cursor.execute("LOCK TABLE audit_record IN SHARE MODE")
            cursor.execute("SELECT coalesce(max(id), 0) FROM audit_record")
            (last_id,) = cursor.fetchone()
    except OperationalError as error:
        if "lock timeout" not in str(error):
            raise
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7202)")
        before = Seal.objects.order_by("-number").first()
        first_id = before.last_id + 1 if before else 1
        previous = bytes(before.hash) if before else START
        hashes = Record.objects.filter(id__gte=first_id, id__lte=last_id).order_by("id").values_list("id", "hash")
        value, count = seal_hash(
            previous, first_id, last_id, ((row_id, bytes(one)) for row_id, one in hashes.iterator(5000))
        )
        if not count:
            return 0
        Seal.objects.create(
            number=before.number + 1 if before else 1,
            first_id=first_id,
            last_id=last_id,
            rows=count,
            previous=previous,
            hash=value,
        )
    return count
