"""Planning the questions and taking them back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from amends.accounts.public import SYSTEM, unit_settings
from amends.audit.public import record
from amends.cases.public import Complaint
from amends.followup.models import AskState, CheckIn, SurveyInvitation
from amends.followup.rules import check_in_due, survey_due


def plan(*, complaint_id: int, resolved_at: datetime) -> None:
    """Plan both questions about a resolution, once. After safety or legal matters there is no survey: people ask."""
    with transaction.atomic():
        complaint = Complaint.objects.get(pk=complaint_id)
        zone = unit_settings(complaint.unit_id).timezone
        sensitive = complaint.safety or complaint.legal_or_media
        survey_at, check_in_at = survey_due(resolved_at, zone), check_in_due(resolved_at, zone)
        made = 0
        if not sensitive:
            _, created = SurveyInvitation.objects.get_or_create(
                complaint=complaint, resolved_at=resolved_at, defaults={"due_at": survey_at}
            )
            made += created
        _, created = CheckIn.objects.get_or_create(
            complaint=complaint, resolved_at=resolved_at, defaults={"due_at": check_in_at}
        )
        if made + created:
            record(
                actor=SYSTEM,
                chain=f"complaint:{complaint_id}",
                kind="follow_up_planned",
                data={
                    "survey_due": None if sensitive else survey_at.isoformat(),
                    "check_in_due": check_in_at.isoformat(),
                },
            )


def cancel(*, complaint_id: int, why: str) -> int:
    """Take back what has not been asked yet; how many questions that were. Runs in the caller's transaction."""
    count = 0
    for model in (SurveyInvitation, CheckIn):
        waiting = model.objects.filter(complaint_id=complaint_id, state__in=[AskState.PLANNED, AskState.BY_PHONE])
        count += waiting.update(state=AskState.CANCELLED, why_cancelled=why[:40])
    if count:
        record(actor=SYSTEM, chain=f"complaint:{complaint_id}", kind="follow_up_cancelled", data={"why": why})
    return count
