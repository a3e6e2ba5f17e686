"""What happened on a case's way through the organisation."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class CaseRouted(Event):
    """A case found its team."""

    complaint_id: int
    team_id: int


@dataclass(frozen=True, slots=True)
class CaseEscalated(Event):
    """A case was offered to a team on a higher tier."""

    handoff_id: int
    complaint_id: int
    to_team_id: int
    tier: int


@dataclass(frozen=True, slots=True)
class HandoffAccepted(Event):
    """Somebody there took the case over."""

    handoff_id: int
    complaint_id: int
    by_id: int


@dataclass(frozen=True, slots=True)
class HandoffReturned(Event):
    """It was given back with a reason."""

    handoff_id: int
    complaint_id: int
    by_id: int | None
