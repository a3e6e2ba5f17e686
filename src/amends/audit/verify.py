"""Proof that the record is whole: every row's hash is made again, every seal is checked."""

from __future__ import annotations

from dataclasses import dataclass, field

from amends.audit.chain import START, Row, row_hash, seal_hash
from amends.audit.models import Record, Seal

BATCH = 5000


@dataclass(slots=True)
class Verification:
    """What was checked and what is wrong; `problems` are sentences that name the row."""

    rows: int = 0
    chains: int = 0
    seals: int = 0
    unsealed: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify() -> Verification:
    """Check every chain and every seal. Memory stays constant; reads each row twice."""
    result = Verification()
    _verify_chains(result)
    _verify_seals(result)
    return result


def _verify_chains(result: Verification) -> None:
    chain, expected_seq, previous = "", 0, START
    for one in Record.objects.order_by("chain", "seq").iterator(BATCH):
        if one.chain != chain:
            chain, expected_seq, previous = one.chain, 0, START
            result.chains += 1
        result.rows += 1
        name = f"Row {one.pk} ({one.chain}, number {one.seq}, {one.kind})"
        if one.seq != expected_seq:
            result.problems.append(f"{name}: number {expected_seq} is missing before it; a row was removed.")
        row = Row(one.chain, one.seq, one.at, one.kind, one.actor_kind, one.actor_id, one.actor_name, one.data)
        if bytes(one.previous) != previous and one.seq == expected_seq:
            result.problems.append(f"{name}: it does not follow the row before it; that row or this one was changed.")
        if row_hash(bytes(one.previous), row) != bytes(one.hash):
            result.problems.append(f"{name}: its content was changed after it was written.")
        expected_seq, previous = one.seq + 1, bytes(one.hash)


def _verify_seals(result: Verification) -> None:
    previous, last_id, number = START, 0, 0
    for one in Seal.objects.order_by("number").iterator(BATCH):
        number += 1
        result.seals += 1
        if one.number != number or one.first_id != last_id + 1 or bytes(one.previous) != previous:
            result.problems.append(
                f"Seal {one.number}: it does not follow the seal before it; a seal was removed or changed."
            )
        hashes = (
            Record.objects.filter(id__gte=one.first_id, id__lte=one.last_id).order_by("id").values_list("id", "hash")
        )
        value, count = seal_hash(
            bytes(one.previous),
            one.first_id,
            one.last_id,
            ((row_id, bytes(row)) for row_id, row in hashes.iterator(BATCH)),
        )
        if value != bytes(one.hash) or count != one.rows:
            result.problems.append(
                f"Seal {one.number} (rows {one.first_id} to {one.last_id}): {one.rows} rows were sealed, {count} are there now, "
                "or one of them was replaced."
            )
        previous, last_id, number = bytes(one.hash), one.last_id, one.number
    result.unsealed = Record.objects.filter(id__gt=last_id).count()
