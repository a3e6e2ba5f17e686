"""Follow-up's key in a complaint's JSON."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from amends.cases.public import Complaint
from amends.core.sections import Section, sections
from amends.followup.models import CheckIn, SurveyInvitation
from amends.followup.selectors import follow_up_of


class SurveyOut(Schema):
    """The survey about the latest resolution. `score` is 0 to 10, `effort` 1 (very easy) to 5 (very hard)."""

    id: int
    state: str
    due: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    score: int | None
    effort: int | None
    words: str


class CheckInOut(Schema):
    """The personal check-in about the latest resolution."""

    id: int
    state: str
    due: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    solved: bool | None
    words: str


class FollowUpOut(Schema):
    """What was asked after the latest resolution."""

    survey: SurveyOut | None
    check_in: CheckInOut | None


def survey_out(one: SurveyInvitation) -> SurveyOut:
    """A survey as the API shows it."""
    return SurveyOut(
        id=one.pk,
        state=one.state,
        due=one.due_at,
        sent_at=one.sent_at,
        answered_at=one.answered_at,
        score=one.score,
        effort=one.effort,
        words=one.words,
    )


def check_in_out(one: CheckIn) -> CheckInOut:
    """A check-in as the API shows it."""
    return CheckInOut(
        id=one.pk,
        state=one.state,
        due=one.due_at,
        sent_at=one.sent_at,
        answered_at=one.answered_at,
        solved=one.solved,
        words=one.words,
    )


def follow_up_out(complaint: Complaint) -> FollowUpOut:
    """Both questions of a complaint (2 queries)."""
    found = follow_up_of(complaint)
    return FollowUpOut(
        survey=survey_out(found.survey) if found.survey else None,
        check_in=check_in_out(found.check_in) if found.check_in else None,
    )


sections.register(Section("followup", FollowUpOut, follow_up_out, order=80))
