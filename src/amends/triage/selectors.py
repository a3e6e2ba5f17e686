"""Questions about assessments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amends.cases.public import Complaint
from amends.triage.assess import assess
from amends.triage.models import Correction, Lane, StoredAssessment

AT_ONCE = 5_000
"""So many ids are looked up in one go when catching up."""


def stored_assessment(complaint: Complaint) -> StoredAssessment | None:
    """Return what the rules said last about a complaint (1 query)."""
    return StoredAssessment.objects.filter(complaint=complaint).first()


def corrections_of(complaint: Complaint) -> list[Correction]:
    """Return every correction of a complaint, oldest first (1 query)."""
    return list(Correction.objects.filter(complaint=complaint).select_related("by").order_by("at", "id"))


def corrected_fields(complaint_id: int) -> frozenset[str]:
    """Return the fields that a person has set right (1 query)."""
    return frozenset(Correction.objects.filter(complaint_id=complaint_id).values_list("field", flat=True))


def because(stored: StoredAssessment | None) -> Mapping[str, str]:
    """Return the reason of each field of a stored assessment; of several the first."""
    found: dict[str, str] = {}
    reasons: list[dict[str, Any]] = stored.reasons if stored is not None else []
    for reason in reasons:
        found.setdefault(str(reason["field"]), str(reason["because"]))
    return found


def unassessed_ids(*, registered_before: datetime) -> list[int]:
    """Return the oldest complaints that have no assessment yet."""
    waiting = Complaint.objects.filter(assessed_at=None, registered_at__lt=registered_before)
    return list(waiting.order_by("id").values_list("id", flat=True)[:AT_ONCE])


def lane_name(complaint_id: int) -> str:
    """Return the lane of a complaint, "" before its assessment (1 query)."""
    return Lane.objects.filter(complaint_id=complaint_id).values_list("lane", flat=True).first() or ""


def dissatisfaction(text: str, *, channel: str = "email", language_hint: str = "") -> float:
    """Return the probability that a text, also a later message or a line of a chat, expresses dissatisfaction with us."""
    return assess(text, channel=channel, language_hint=language_hint).probability
