"""The survey and the check-in as the customer sees them. Opening a link counts for nothing; only the button does: mail
programs and their guards open every link they find."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from amends.accounts.public import Actor, customer_actor
from amends.cases.public import Complaint, portal_token
from amends.core.errors import AmendsError
from amends.followup.answering import WORDS_LIMIT, answer_check_in, answer_survey
from amends.followup.models import AskState, CheckIn, SurveyInvitation
from amends.followup.rules import HIGHEST, LOWEST, is_unhappy
from amends.followup.selectors import check_in_by_token, survey_by_token
from amends.followup.web.customer import customer_page, house_of, refusal_words

SCORES = range(LOWEST, HIGHEST + 1)
CLOSED = (AskState.ANSWERED, AskState.CANCELLED)


def _complaint(found: SurveyInvitation | CheckIn) -> Complaint:
    return found.complaint


def _actor(complaint: Complaint) -> Actor:
    return customer_actor(complaint_id=complaint.pk, name="")


def _number(text: str | None, allowed: range) -> int | None:
    """A number from a form or link; None when it is none of the allowed ones."""
    return next((one for one in allowed if str(one) == text), None)


def _context(found: SurveyInvitation | CheckIn, problem: str, words: str) -> dict[str, object]:
    complaint = found.complaint
    return {
        "complaint": complaint,
        "problem": problem,
        "words": words,
        "portal": f"/p/{portal_token(complaint.public_id)}/",
        "words_limit": WORDS_LIMIT,
        **house_of(complaint),
    }


@customer_page(survey_by_token, _complaint)
@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest, found: SurveyInvitation) -> HttpResponse:
    """Two questions on one page; the score of the link is chosen already."""
    problem, words = "", request.POST.get("words", "")
    score = _number(request.POST.get("score") or request.GET.get("score"), SCORES)
    effort = _number(request.POST.get("effort"), range(1, 6))
    if request.method == "POST" and found.state not in CLOSED:
        if score is None:
            problem = _("Please choose a number.")
        else:
            try:
                found = answer_survey(
                    actor=_actor(found.complaint), survey_id=found.pk, score=score, effort=effort, words=words
                )
            except AmendsError as refusal:
                problem = refusal_words(refusal)
    context = _context(found, problem, words) | {"score": score, "effort": effort, "scores": SCORES, "survey": found}
    if found.state in CLOSED:
        return render(request, "followup/thanks.html", context | {"unhappy": _is_unhappy(found), "kind": "survey"})
    return render(request, "followup/survey.html", context, status=422 if problem else 200)


def _is_unhappy(found: SurveyInvitation) -> bool:
    return found.score is not None and is_unhappy(found.score)


@customer_page(check_in_by_token, _complaint)
@require_http_methods(["GET", "POST"])
def check_in(request: HttpRequest, found: CheckIn) -> HttpResponse:
    """Is it still solved? The answer of the link is chosen already."""
    problem, words = "", request.POST.get("words", "")
    chosen = request.POST.get("solved") or request.GET.get("solved", "")
    solved = {"yes": True, "no": False}.get(chosen)
    if request.method == "POST" and found.state not in CLOSED:
        if solved is None:
            problem = _("Please choose yes or no.")
        else:
            try:
                found = answer_check_in(actor=_actor(found.complaint), check_in_id=found.pk, solved=solved, words=words)
            except AmendsError as refusal:
                problem = refusal_words(refusal)
    context = _context(found, problem, words) | {"solved": solved, "check_in": found}
    if found.state in CLOSED:
        return render(request, "followup/thanks.html", context | {"unhappy": found.solved is False, "kind": "check_in"})
    return render(request, "followup/check_in.html", context, status=422 if problem else 200)
