"""Correcting an assessment and deciding about lanes through the API."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router, Schema

from amends.accounts.public import Permission
from amends.cases.public import access_complaint
from amends.core.api import api_actor, scope
from amends.triage import services
from amends.triage.deciding import decide_lane, take_back_lane
from amends.triage.lists import lane_list
from amends.triage.models import Lane
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


class LaneIn(Schema):
    """A decision: `complaint`, `concern` (with what was `done`) or `other`."""

    lane: str
    done: str = ""


class LaneOut(Schema):
    """The lane a message is in; `thresholds` is the version of the model with its low and high threshold."""

    reference: str
    lane: str
    by_person: bool
    by: str
    probability: float | None
    thresholds: str
    done: str
    received_at: datetime
    decided_at: datetime


class LanePage(Schema):
    """One page of a lane; `next` is the `after` of the following one."""

    items: list[LaneOut]
    next: str | None


def _out(row: Lane, reference: str) -> LaneOut:
    return LaneOut(
        reference=reference,
        lane=row.lane,
        by_person=row.by_person,
        by=row.by_name,
        probability=row.probability,
        thresholds=row.thresholds,
        done=row.done,
        received_at=row.received_at,
        decided_at=row.decided_at,
    )


@router.get("/lanes/{lane}", response=LanePage, summary="List a lane")
@scope(Permission.CASE_VIEW)
def list_lane(request: HttpRequest, lane: str, after: str = "") -> LanePage:
    """List what is `to_decide` (oldest first), `other` or `concern` (newest first)."""
    rows, following = lane_list(api_actor(request), lane, after=after[:300])
    return LanePage(items=[_out(one.lane, one.complaint.reference or "") for one in rows], next=following)


@router.put("/complaints/{reference}/lane", response=LaneOut, summary="Decide what a message is")
@scope(Permission.CASE_WORK)
def put_lane(request: HttpRequest, reference: str, body: LaneIn) -> LaneOut:
    """Say whether it is a complaint, a concern that was put right at once, or something else."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    row = decide_lane(actor=actor, complaint_id=complaint.pk, lane=body.lane, done=body.done)
    return _out(row, complaint.reference or "")


@router.delete("/complaints/{reference}/lane", response=LaneOut, summary="Take the last decision back")
@scope(Permission.CASE_WORK)
def delete_lane(request: HttpRequest, reference: str) -> LaneOut:
    """Take the last decision about the lane back."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    return _out(take_back_lane(actor=actor, complaint_id=complaint.pk), complaint.reference or "")
