"""The survey as customers see it. Opening a link counts for nothing: mail programs and their guards open every link they
find. What counts is the button; where a link brought a score along, a browser with JavaScript presses it by itself.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from amends.accounts.public import unit_settings
from amends.cases.public import portal_token
from amends.core import clock
from amends.core.errors import BadInput
from amends.intake.channels.survey import answering
from amends.intake.channels.survey.forms import StoryForm
from amends.intake.channels.survey.kinds import Mood, kinds, score_of
from amends.intake.channels.survey.models import AnswerSource, Survey, SurveyAnswer, SurveyRecipient
from amends.intake.channels.survey.page import survey_page
from amends.intake.channels.survey.questions import ends_of, question_of
from amends.intake.channels.survey.recipients import stop as stop_asking
from amends.intake.channels.survey.tokens import read_token, token_of
from amends.intake.channels.web import guard

VIA = {"qr": AnswerSource.QR}


def _survey(token: str) -> Survey | None:
    key = read_token("survey-link", token)
    return None if key is None else Survey.objects.filter(key=key).first()


def _recipient(token: str) -> SurveyRecipient | None:
    key = read_token("survey-recipient", token)
    return None if key is None else SurveyRecipient.objects.select_related("survey").filter(key=key).first()


def _answer(token: str) -> SurveyAnswer | None:
    key: UUID | None = read_token("survey-answer", token)
    found = SurveyAnswer.objects.select_related("survey", "complaint", "recipient")
    return None if key is None else found.filter(key=key).first()


@survey_page(_survey, lambda survey: survey)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, survey: Survey) -> HttpResponse:
    """The question behind a link or a QR code."""
    return _ask(request, survey, source=VIA.get(request.GET.get("via", ""), AnswerSource.LINK))


@survey_page(_survey, lambda survey: survey, framed=lambda _survey: True)
@require_http_methods(["GET", "POST"])
def ask_framed(request: HttpRequest, survey: Survey) -> HttpResponse:
    """The question inside a page of one of the survey's own sites."""
    return _ask(request, survey, source=AnswerSource.EMBEDDED)


@survey_page(_recipient, lambda found: found.survey, language_of=lambda found: found.language)
@require_http_methods(["GET", "POST"])
def ask_me(request: HttpRequest, recipient: SurveyRecipient) -> HttpResponse:
    """The question behind somebody's own link; when they have answered already, their answer."""
    known = SurveyAnswer.objects.filter(recipient=recipient).first()
    if known is not None and request.method != "POST" and "score" not in request.GET:
        return _to_answer(known)
    return _ask(request, recipient.survey, source=AnswerSource.MAIL, recipient=recipient)


def _ask(
    request: HttpRequest, survey: Survey, *, source: AnswerSource, recipient: SurveyRecipient | None = None
) -> HttpResponse:
    kind = kinds()[survey.kind]
    if request.method != "POST":
        return _question(request, survey, chosen=score_of(request.GET.get("score", ""), kind), recipient=recipient)
    score = score_of(request.POST.get("score", ""), kind)
    stamp = guard.read_stamp(str(request.POST.get("stamp", ""))[:200])
    if score is None:
        return _question(request, survey, recipient=recipient, problem=_("Please choose one of the numbers."))
    if stamp is None or guard.too_old(stamp, clock.now()):
        words = _("This page was open for a long time. Please choose once more.")
        return _question(request, survey, chosen=score, recipient=recipient, problem=words)
    answer = answering.click(
        click=answering.Click(
            survey_id=survey.pk,
            score=score,
            source=source,
            once=f"recipient:{recipient.pk}" if recipient else f"page:{stamp.key}",
            recipient_id=recipient.pk if recipient else None,
            visitor="" if recipient else guard.visitor_hash(_address(request), clock.now()),
            language=(get_language() or "en").split("-")[0],
        )
    )
    return _to_answer(answer)


def _address(request: HttpRequest) -> str:
    """The visitor's network address; behind our own proxy the last one it wrote down."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if forwarded and getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        return str(forwarded.rsplit(",", 1)[-1].strip())
    return str(request.META.get("REMOTE_ADDR", ""))


def _to_answer(answer: SurveyAnswer) -> HttpResponse:
    return redirect("survey_answer", token=token_of("survey-answer", answer.key))


def _question(
    request: HttpRequest,
    survey: Survey,
    *,
    chosen: int | None = None,
    recipient: SurveyRecipient | None = None,
    problem: str = "",
) -> HttpResponse:
    house = unit_settings(survey.unit_id)
    low, high = ends_of(survey)
    context: dict[str, Any] = {
        "survey": survey,
        "closed": survey.closed_at is not None,
        "question": question_of(survey, house.sender_name),
        "scores": kinds()[survey.kind].scores,
        "low": low,
        "high": high,
        "chosen": chosen,
        "problem": problem,
        "stamp": guard.new_stamp(clock.now()),
        "stop": "" if recipient is None else token_of("survey-recipient", recipient.key),
        "house_name": house.sender_name,
        "house_phone": house.phone,
    }
    return render(request, "intake/survey/ask.html", context, status=422 if problem else 200)


@survey_page(
    _answer,
    lambda answer: answer.survey,
    language_of=lambda answer: answer.language,
    framed=lambda answer: answer.source == AnswerSource.EMBEDDED,
)
@require_http_methods(["GET", "POST"])
def answered(request: HttpRequest, answer: SurveyAnswer) -> HttpResponse:
    """After the click: an unhappy customer is asked at once what would have made it better."""
    form = StoryForm(request.POST if request.method == "POST" else None)
    sent = False
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        story = answering.Story(values["words"], values["name"], values["email"], values["phone"])
        if not (story.words or story.email or story.phone):
            form.add_error("words", _("Please write a few words, or leave this page: your number is stored."))
        else:
            try:
                answer = answering.tell(answer_id=answer.pk, story=story)
                sent = True
            except BadInput as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    return _answer_page(request, answer, form, sent=sent)


def _answer_page(request: HttpRequest, answer: SurveyAnswer, form: StoryForm, *, sent: bool) -> HttpResponse:
    house = unit_settings(answer.survey.unit_id)
    complaint = SurveyAnswer.objects.select_related("complaint").get(pk=answer.pk).complaint
    context = {
        "answer": answer,
        "unhappy": answering.mood_of(answer.survey, answer.score) is Mood.UNHAPPY,
        "high": kinds()[answer.survey.kind].high,
        "form": form,
        "sent": sent,
        "told": bool(answer.words),
        "known": bool(answer.email or answer.phone),
        "complaint": complaint,
        "portal": f"/p/{portal_token(complaint.public_id)}/" if complaint is not None and sent else "",
        "house_name": house.sender_name,
        "house_phone": house.phone,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "intake/survey/answered.html", context, status=status)


@survey_page(_recipient, lambda found: found.survey, language_of=lambda found: found.language)
@require_http_methods(["GET", "POST"])
def stop(request: HttpRequest, recipient: SurveyRecipient) -> HttpResponse:
    """Somebody does not want to be asked again. A mail program posts here by itself (RFC 8058); who comes by the link of
    the header finds a button, because the guards of mail open every link."""
    stopped = request.method == "POST"
    if stopped:
        stop_asking(recipient_id=recipient.pk)
    house = unit_settings(recipient.survey.unit_id)
    context = {"stopped": stopped, "house_name": house.sender_name, "house_phone": house.phone}
    return render(request, "intake/survey/stopped.html", context)
