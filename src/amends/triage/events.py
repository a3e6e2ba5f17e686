"""What happened in triage."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class LaneDecided(Event):
    """A message is in another lane than before: `complaint`, `concern`, `other` or `to_decide`; `before` is "" at first."""

    complaint_id: int
    before: str
    after: str
    by_person: bool
