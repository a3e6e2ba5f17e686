"""Questions about surveys and check-ins."""

from __future__ import annotations

from dataclasses import dataclass

from amends.cases.public import Complaint
from amends.followup.models import CheckIn, SurveyInvitation
from amends.followup.tokens import read_token


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was asked after the latest resolution of a case."""

    survey: SurveyInvitation | None
    check_in: CheckIn | None


def follow_up_of(complaint: Complaint) -> FollowUp:
    """The latest survey and check-in of a case (2 queries)."""
    return FollowUp(
        SurveyInvitation.objects.filter(complaint=complaint).order_by("-id").first(),
        CheckIn.objects.filter(complaint=complaint).order_by("-id").first(),
    )


_PEOPLE = (
    "complaint__customer",
    "complaint__representative",
    "complaint__unit",
    "complaint__owner",
    "complaint__product",
)


def survey_by_token(token: str) -> SurveyInvitation | None:
    """The survey of a link, with its complaint."""
    key = read_token("survey", token)
    return None if key is None else SurveyInvitation.objects.select_related(*_PEOPLE).filter(key=key).first()


def check_in_by_token(token: str) -> CheckIn | None:
    """The check-in of a link, with its complaint."""
    key = read_token("check-in", token)
    return None if key is None else CheckIn.objects.select_related(*_PEOPLE).filter(key=key).first()
