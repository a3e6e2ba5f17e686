"""The staff's pages of surveys: the list with a form, and one survey with its figures, links and people."""

from __future__ import annotations

import io
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Actor, Permission, Unit, permission_required, request_actor, unit_by_key
from amends.cases.public import sees
from amends.core.errors import AmendsError
from amends.intake.channels.survey import surveys
from amends.intake.channels.survey.forms import RecipientsForm, SurveyForm
from amends.intake.channels.survey.models import RecipientState, Survey, SurveyAnswer, SurveyRecipient
from amends.intake.channels.survey.questions import ends_of, question_of
from amends.intake.channels.survey.recipients import add_recipients, read_csv, send_interrupted
from amends.intake.webhooks.services import visible_failures

LISTED = 100
SHOWN_ANSWERS = 50
SHOWN_SKIPPED = 20
LIST_LIMIT = 4 * 1024 * 1024


def _units(actor: Actor) -> list[tuple[str, str]]:
    units = Unit.objects.order_by("path")
    if actor.unit_ids is not None:
        units = units.filter(pk__in=actor.unit_ids)
    return [(unit.key, unit.name) for unit in units[:500]]


@permission_required(Permission.REVIEW_VIEW)
@require_http_methods(["GET", "POST"])
def list_(request: HttpRequest) -> HttpResponse:
    """Every survey with its first figures, and the form for a new one."""
    actor = request_actor(request)
    form = SurveyForm(request.POST if request.method == "POST" else None, units=_units(actor))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            survey = surveys.create_survey(
                actor=actor,
                name=values["name"],
                unit=unit_by_key(values["unit"]),
                kind=values["kind"],
                question=values["question"],
                product=values["product"],
                origins=[line for line in values["origins"].splitlines() if line.strip()],
            )
        except AmendsError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            return redirect("survey_page", survey.pk)
    found = list(surveys.visible_surveys(actor)[:LISTED])
    context = {
        "surveys": [(one, surveys.figures_of(one)) for one in found],
        "form": form,
        "may_work": actor.can(Permission.REVIEW_WORK),
        "failures": visible_failures(actor).count() if actor.can(Permission.QUARANTINE_WORK) else 0,
    }
    return render(request, "intake/survey/list.html", context, status=422 if form.is_bound and form.errors else 200)


@require_GET
@permission_required(Permission.REVIEW_VIEW)
def page(request: HttpRequest, number: int) -> HttpResponse:
    """One survey."""
    actor = request_actor(request)
    return _page(request, actor, surveys.access_survey(actor, number), RecipientsForm())


def _page(
    request: HttpRequest, actor: Actor, survey: Survey, form: RecipientsForm, *, skipped: Any = (), status: int = 200
) -> HttpResponse:
    found = surveys.figures_of(survey)
    most = max((row.count for row in found.rows), default=0)
    answers = list(SurveyAnswer.objects.filter(survey=survey).order_by("-first_at", "-id")[:SHOWN_ANSWERS])
    context = {
        "survey": survey,
        "question": question_of(survey, survey.unit.name),
        "ends": ends_of(survey),
        "figures": found,
        "bars": [(row, round(100 * row.count / most, 1) if most else 0) for row in found.rows],
        "link": surveys.link_of(survey),
        "snippet": surveys.snippet_of(survey) if survey.origins else "",
        "answers": [(one, _reference(actor, one)) for one in answers],
        "mails": _mails(survey),
        "interrupted": SurveyRecipient.objects.filter(survey=survey, state=RecipientState.INTERRUPTED).count(),
        "form": form,
        "skipped": skipped[:SHOWN_SKIPPED],
        "skipped_more": max(0, len(skipped) - SHOWN_SKIPPED),
        "may_work": actor.can(Permission.REVIEW_WORK),
    }
    return render(request, "intake/survey/page.html", context, status=status)


def _reference(actor: Actor, answer: SurveyAnswer) -> str:
    """The case of an answer, when this actor may open it."""
    complaint = answer.complaint
    if complaint is None or not actor.can(Permission.CASE_VIEW):
        return ""
    return (complaint.reference or "") if sees(actor, complaint) else ""


def _mails(survey: Survey) -> list[tuple[str, int]]:
    from django.db.models import Count

    rows = SurveyRecipient.objects.filter(survey=survey).order_by().values_list("state").annotate(Count("pk"))
    return [(str(RecipientState(state).label), number) for state, number in sorted(rows)]


@require_POST
@permission_required(Permission.REVIEW_WORK)
def recipients(request: HttpRequest, number: int) -> HttpResponse:
    """Ask the people of a list."""
    actor = request_actor(request)
    survey = surveys.access_survey(actor, number)
    form = RecipientsForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            added = add_recipients(actor=actor, survey_id=survey.pk, people=read_csv(_list_of(form)))
        except AmendsError as refusal:
            form.add_error(None, refusal.message)
        else:
            words = ngettext("%(number)s person will be asked.", "%(number)s people will be asked.", added.added)
            messages.success(request, words % {"number": added.added})
            return _page(request, actor, survey, RecipientsForm(), skipped=added.skipped)
    return _page(request, actor, survey, form, status=422)


@require_POST
@permission_required(Permission.REVIEW_WORK)
def interrupted(request: HttpRequest, number: int) -> HttpResponse:
    """Send again what was interrupted half-way."""
    again = send_interrupted(actor=request_actor(request), survey_id=number)
    words = ngettext("%(number)s invitation is sent again.", "%(number)s invitations are sent again.", again)
    messages.success(request, words % {"number": again})
    return redirect("survey_page", number)


def _list_of(form: RecipientsForm) -> str:
    file = form.cleaned_data.get("file")
    if file is None:
        return str(form.cleaned_data.get("text") or "")
    data: bytes = file.read(LIST_LIMIT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


@require_POST
@permission_required(Permission.REVIEW_WORK)
def switch(request: HttpRequest, number: int) -> HttpResponse:
    """Close a survey or open it again."""
    opened = request.POST.get("open") == "yes"
    surveys.set_open(actor=request_actor(request), survey_id=number, open_=opened)
    messages.success(request, _("The survey is open again.") if opened else _("The survey is closed."))
    return redirect("survey_page", number)


@require_GET
@permission_required(Permission.REVIEW_VIEW)
def qr_code(request: HttpRequest, number: int) -> HttpResponse:
    """The survey's link as a QR code, an SVG to print."""
    survey = surveys.access_survey(request_actor(request), number)
    picture = io.BytesIO()
    segno.make(f"{surveys.link_of(survey)}?via=qr", error="m").save(picture, kind="svg", scale=8, border=4)
    headers = {"Content-Disposition": f'inline; filename="survey-{survey.pk}.svg"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml", headers=headers)
