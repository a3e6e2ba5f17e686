"""The arithmetic of the record (PURE): how a row's hash is made, and what a broken chain means.

Each subject (a complaint, a user, a token) has its own chain: a row's hash covers the hash of the row before it, so a
changed, removed or inserted row is found and named. Seals then chain all rows of a stretch of time across subjects, so
that a whole chain, or the end of one, cannot disappear either.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START = b"\x00" * 32
"""The hash before the first row of every chain."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the record as it is hashed; `at` is aware, `data` holds JSON values only."""

    chain: str
    seq: int
    at: datetime
    kind: str
    actor_kind: str
    actor_id: int | None
    actor_name: str
    data: Mapping[str, Any]


def canonical(row: Row) -> bytes:
    """The bytes that are hashed: JSON with sorted keys, UTF-8, microseconds in UTC (in the manner of RFC 8785)."""
    return json.dumps(
        {
            "chain": row.chain,
            "seq": row.seq,
            "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "kind": row.kind,
            "actor_kind": row.actor_kind,
            "actor_id": row.actor_id,
            "actor_name": row.actor_name,
            "data": row.data,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()


def row_hash(previous: bytes, row: Row) -> bytes:
    """SHA-256 over the hash of the row before and the canonical row."""
    return hashlib.sha256(previous + canonical(row)).digest()


def seal_hash(
    previous: bytes, first_id: int, last_id: int, row_hashes: Iterable[tuple[int, bytes]]
) -> tuple[bytes, int]:
    """The hash of a seal over rows `(id, hash)` in order of id, and how many rows it covers."""
    digest = hashlib.sha256(previous + f"{first_id}-{last_id}".encode())
    count = 0
    for row_id, value in row_hashes:
        digest.update(row_id.to_bytes(8, "big") + value)
        count += 1
    return digest.digest(), count
