"""What happened to a complaint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class ComplaintRegistered(Event):
    """A complaint was stored. Its reference is given after the handlers have run: use the id.

    `imported` says that it happened in the past and nothing must be sent or alarmed.
    """

    complaint_id: int
    unit_id: int
    channel: str
    received_at: datetime
    imported: bool = False


@dataclass(frozen=True, slots=True)
class ComplaintAssessed(Event):
    """Category, severity, language and the rest are known (again, when `corrected`)."""

    complaint_id: int
    severity: int
    safety: bool
    language: str
    category: str
    label: str
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class ComplaintAcknowledged(Event):
    """The customer has had a first personal answer."""

    complaint_id: int
    at: datetime
    automatic: bool


@dataclass(frozen=True, slots=True)
class PhaseChanged(Event):
    """A complaint moved from one phase to another."""

    complaint_id: int
    before: str
    after: str
    action: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OwnerChanged(Event):
    """Somebody else, or nobody, owns the case now."""

    complaint_id: int
    before_id: int | None
    after_id: int | None


@dataclass(frozen=True, slots=True)
class TeamChanged(Event):
    """The case is in another team's queue, perhaps on another tier."""

    complaint_id: int
    before_id: int | None
    after_id: int | None
    tier: int


@dataclass(frozen=True, slots=True)
class MessageReceived(Event):
    """The customer (or somebody for them) wrote in an existing case."""

    complaint_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class MessageQueued(Event):
    """A message to the customer waits for its way out."""

    complaint_id: int
    message_id: int
    channel: str
    kind: str
    not_before: datetime | None


@dataclass(frozen=True, slots=True)
class MessageSent(Event):
    """A message to the customer was handed over to its channel."""

    complaint_id: int
    message_id: int
    kind: str
    automatic: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageFailed(Event):
    """A message to the customer bounced or could not be sent."""

    complaint_id: int
    message_id: int
    state: str


@dataclass(frozen=True, slots=True)
class MessageDelivered(Event):
    """The receiver's server said that it has a message to the customer."""

    complaint_id: int
    message_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CasesLinked(Event):
    """Two cases belong together; `kind` says why (`follows`, `same_mail`)."""

    complaint_id: int
    other_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class NoteAdded(Event):
    """A colleague wrote an internal note."""

    complaint_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class PointsChanged(Event):
    """Points were added, corrected, removed or confirmed."""

    complaint_id: int


@dataclass(frozen=True, slots=True)
class ComplaintsImported(Event):
    """Many complaints of the past were stored at once; nothing is sent and nobody is alarmed for them."""

    complaint_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReceiptCorrected(Event):
    """It turned out that a complaint reached the organisation at another time."""

    complaint_id: int
    before: datetime
    after: datetime
