"""Correcting an assessment through the API."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from amends.accounts.public import Permission
from amends.cases.public import access_complaint
from amends.core.api import api_actor, scope
from amends.triage import services
from amends.triage.sections import AssessmentReasonsOut, read_reasons

router = Router(tags=["triage"])


class CorrectionIn(Schema):
    """What is to be set right; fields left out stay as they are."""

    language: str | None = None
    label: str | None = None
    category: str | None = None
    severity: int | None = None
    safety: bool | None = None
    vulnerable: bool | None = None
    legal_or_media: bool | None = None


@router.patch("/complaints/{reference}/assessment", response=AssessmentReasonsOut, summary="Correct the assessment")
@scope(Permission.CASE_WORK)
def correct(request: HttpRequest, reference: str, body: CorrectionIn) -> AssessmentReasonsOut:
    """Set fields of the assessment right; they stay as given, whatever the rules say later."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    values = body.model_dump(exclude_none=True)
    return read_reasons(services.correct(actor=actor, complaint_id=complaint.pk, values=values))
