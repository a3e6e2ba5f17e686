"""Follow-up in the API: answers that came another way."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from amends.accounts.public import Permission
from amends.core.api import api_actor, scope
from amends.followup.answering import answer_check_in, answer_survey
from amends.followup.sections import CheckInOut, SurveyOut, check_in_out, survey_out
from amends.followup.sending import send_check_in_now

router = Router(tags=["followup"])


class SurveyAnswerIn(Schema):
    """How satisfied the customer is."""

    model_config = ConfigDict(extra="forbid")
    score: int = Field(ge=0, le=10)
    effort: int | None = Field(None, ge=1, le=5, description="1 very easy, 5 very hard")
    words: str = Field("", max_length=20_000)


class CheckInAnswerIn(Schema):
    """Whether it is still solved."""

    model_config = ConfigDict(extra="forbid")
    solved: bool
    words: str = Field("", max_length=20_000)


class PersonalIn(Schema):
    """The owner's own line in the letter; may be empty."""

    model_config = ConfigDict(extra="forbid")
    personal: str = Field("", max_length=2000)


@router.post("/surveys/{survey_id}/answer", response=SurveyOut, summary="Record a survey answer")
@scope(Permission.CASE_WORK)
def post_survey_answer(request: HttpRequest, survey_id: int, body: SurveyAnswerIn) -> SurveyOut:
    """Record the first answer; a later one changes nothing. An unhappy one takes the case up again."""
    values = body.dict()
    return survey_out(answer_survey(actor=api_actor(request), survey_id=survey_id, **values))


@router.post("/check-ins/{check_in_id}/answer", response=CheckInOut, summary="Record the answer to a check-in")
@scope(Permission.CASE_WORK)
def post_check_in_answer(request: HttpRequest, check_in_id: int, body: CheckInAnswerIn) -> CheckInOut:
    """Record whether it is still solved; if not, the case is taken up again."""
    return check_in_out(answer_check_in(actor=api_actor(request), check_in_id=check_in_id, **body.dict()))


@router.post("/check-ins/{check_in_id}/send", response=CheckInOut, summary="Send a check-in now")
@scope(Permission.CASE_WORK)
def post_check_in_now(request: HttpRequest, check_in_id: int, body: PersonalIn) -> CheckInOut:
    """Send a planned check-in before its day."""
    sent = send_check_in_now(actor=api_actor(request), check_in_id=check_in_id, personal=body.personal)
    return check_in_out(sent)
