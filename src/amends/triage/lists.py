"""The lists of the lanes: what waits for a person, what is something else, what was put right at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from amends.accounts.public import Actor
from amends.cases.public import Complaint, visible_complaints
from amends.core.errors import BadInput
from amends.core.paging import decode_cursor, encode_cursor
from amends.triage.lanes import LaneName
from amends.triage.models import Lane, StoredAssessment

PAGE = 25
EXCERPT = 700
LISTED = (LaneName.TO_DECIDE, LaneName.OTHER, LaneName.CONCERN)
"""Complaints have the queue."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message of a list with what speaks for and against its being a complaint."""

    lane: Lane
    complaint: Complaint
    reasons: tuple[str, ...]

    @property
    def percent(self) -> int | None:
        """The probability of dissatisfaction in percent."""
        return None if self.lane.probability is None else round(self.lane.probability * 100)

    @property
    def excerpt(self) -> str:
        """The first lines of the message."""
        return self.complaint.text[:EXCERPT]


def lane_list(actor: Actor, lane: str, *, after: str = "", limit: int = PAGE) -> tuple[list[Waiting], str | None]:
    """Return one page of a lane and the cursor of the next (2 queries).

    What waits for a person comes oldest first, the rest newest first.

    Raises:
        BadInput: there is no such list, or the cursor is damaged.
    """
    if lane not in LISTED:
        raise BadInput(f"There is no list {lane!r}; choose from {', '.join(LISTED)}.", field="lane")
    oldest_first = lane == LaneName.TO_DECIDE
    rows = Lane.objects.filter(lane=lane, complaint__in=visible_complaints(actor))
    rows = _after(rows, after, oldest_first=oldest_first) if after else rows
    order = ("received_at", "id") if oldest_first else ("-received_at", "-id")
    rows = rows.select_related("complaint__customer", "complaint__unit", "by").defer("complaint__search")
    page = list(rows.order_by(*order)[: limit + 1])
    more = len(page) > limit
    page = page[:limit]
    cursor = encode_cursor([page[-1].received_at.isoformat(), page[-1].pk]) if more else None
    return _with_reasons(page), cursor


def _after(rows: QuerySet[Lane], cursor: str, *, oldest_first: bool) -> QuerySet[Lane]:
    moment, last_id = decode_cursor(cursor, 2)
    try:
        at, number = datetime.fromisoformat(moment), int(last_id)
    except (TypeError, ValueError) as error:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after") from error
    if oldest_first:
        return rows.filter(received_at__gte=at).exclude(received_at=at, id__lte=number)
    return rows.filter(received_at__lte=at).exclude(received_at=at, id__gte=number)


def _with_reasons(page: list[Lane]) -> list[Waiting]:
    stored = StoredAssessment.objects.filter(complaint__in=[one.complaint_id for one in page])
    reasons = {
        complaint_id: tuple(str(one["because"]) for one in found if one["field"] in ("label", "probability"))
        for complaint_id, found in stored.values_list("complaint_id", "reasons")
    }
    return [Waiting(one, one.complaint, reasons.get(one.complaint_id, ())) for one in page]
