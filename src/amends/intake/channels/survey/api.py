"""Surveys in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from amends.accounts.public import Actor, Permission, unit_by_key
from amends.cases.public import sees
from amends.core.api import api_actor, scope
from amends.core.errors import BadInput
from amends.intake.channels.survey import surveys
from amends.intake.channels.survey.models import Survey, SurveyAnswer
from amends.intake.channels.survey.recipients import MAX_ROWS, NewRecipient, add_recipients, read_csv
from amends.intake.webhooks.api import WebhookOut, webhook_out
from amends.intake.webhooks.api import router as webhooks_router

router = Router(tags=["surveys"])
router.add_router("", webhooks_router)
PAGE = 100


class SurveyIn(Schema):
    """A new survey."""

    name: str = Field(min_length=1, max_length=200)
    unit: str = Field(max_length=80)
    kind: Literal["nps", "satisfaction", "effort"]
    question: str = Field("", max_length=300)
    product: str = Field("", max_length=300)
    origins: list[str] = Field(default_factory=list, max_length=20)
    unhappy_bound: int | None = Field(None, ge=0, le=10)


class RowOut(Schema):
    """One score: how many gave it, their share in per cent, and what it says."""

    score: int
    count: int
    share: float
    mood: str


class SurveyOut(Schema):
    """A survey with its figures. `value` is the NPS, or the per cent of happy answers; `low` and `high` its 95 % interval."""

    id: int
    name: str
    unit: str
    kind: str
    question: str
    closed: bool
    link: str
    snippet: str
    webhook: str | None
    responses: int
    happy: int
    unhappy: int
    value: float | None
    low: float | None
    high: float | None
    mean: float | None
    rows: list[RowOut]


class AnswerOut(Schema):
    """One answer; `complaint` is its case, when the token may see it."""

    id: int
    score: int
    source: str
    state: str
    at: datetime
    words: str
    complaint: str | None


class PageIn(Schema):
    """Which page: answers with a smaller id than `before`."""

    before: int | None = Field(None, ge=1, le=2**62)


class RecipientIn(Schema):
    """Somebody to ask."""

    email: str = Field(max_length=1000)
    name: str = Field("", max_length=300)
    language: str = Field("", max_length=10)
    phone: str = Field("", max_length=80)
    attributes: dict[str, str] = Field(default_factory=dict)


class RecipientsIn(Schema):
    """A list of people, or the text of a CSV with a header."""

    recipients: list[RecipientIn] = Field(default_factory=list, max_length=MAX_ROWS)
    csv: str = Field("", max_length=4_000_000)


class SkippedOut(Schema):
    """Who is not asked: the row from 1, and why."""

    row: int
    why: str


class AddedOut(Schema):
    """What became of the list."""

    added: int
    skipped: list[SkippedOut]


class StateIn(Schema):
    """Open or closed."""

    open: bool


class ConnectIn(Schema):
    """The webhook of another tool for a survey: a mapping's name, or a mapping of your own as TOML or JSON text."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,58}$")
    mapping: str = Field("", max_length=80)
    mapping_text: str = Field("", max_length=100_000)
    paths: dict[str, str] = Field(default_factory=dict)
    secret: str = Field("", max_length=500)
    fetch_host: str = Field("", max_length=200)
    fetch_token: str = Field("", max_length=500)


def _out(survey: Survey) -> SurveyOut:
    found = surveys.figures_of(survey)
    return SurveyOut(
        id=survey.pk,
        name=survey.name,
        unit=survey.unit.key,
        kind=survey.kind,
        question=survey.question,
        closed=survey.closed_at is not None,
        link=surveys.link_of(survey),
        snippet=surveys.snippet_of(survey) if survey.origins else "",
        webhook=survey.webhook.key if survey.webhook else None,
        responses=found.responses,
        happy=found.happy,
        unhappy=found.unhappy,
        value=found.value,
        low=found.low,
        high=found.high,
        mean=found.mean,
        rows=[RowOut(score=row.score, count=row.count, share=row.share, mood=row.mood) for row in found.rows],
    )


@router.get("/surveys", response=list[SurveyOut], summary="Surveys with their figures, newest first")
@scope(Permission.REVIEW_VIEW)
def list_(request: HttpRequest) -> list[SurveyOut]:
    """At most 100."""
    return [_out(one) for one in surveys.visible_surveys(api_actor(request))[:PAGE]]


@router.post("/surveys", response={201: SurveyOut}, summary="Make a survey")
@scope(Permission.REVIEW_WORK)
def create(request: HttpRequest, body: SurveyIn) -> Status[SurveyOut]:
    """One question that a unit asks its customers."""
    survey = surveys.create_survey(
        actor=api_actor(request),
        name=body.name,
        unit=unit_by_key(body.unit),
        kind=body.kind,
        question=body.question,
        product=body.product,
        origins=body.origins,
        unhappy_bound=body.unhappy_bound,
    )
    return Status(201, _out(survey))


@router.get("/surveys/{number}", response=SurveyOut, summary="A survey with its figures")
@scope(Permission.REVIEW_VIEW)
def read(request: HttpRequest, number: int) -> SurveyOut:
    """The distribution, and the NPS or share with its interval."""
    return _out(surveys.access_survey(api_actor(request), number))


@router.get("/surveys/{number}/answers", response=list[AnswerOut], summary="Answers of a survey, newest first")
@scope(Permission.REVIEW_VIEW)
def answers(request: HttpRequest, number: int, page: Query[PageIn]) -> list[AnswerOut]:
    """At most 100; ask again with `before` set to the last id."""
    actor = api_actor(request)
    survey = surveys.access_survey(actor, number)
    rows = SurveyAnswer.objects.filter(survey=survey).select_related("complaint").order_by("-id")
    if page.before is not None:
        rows = rows.filter(pk__lt=page.before)
    return [
        AnswerOut(
            id=one.pk,
            score=one.score,
            source=one.source,
            state=one.state,
            at=one.first_at,
            words=one.words,
            complaint=_reference(actor, one),
        )
        for one in rows[:PAGE]
    ]


def _reference(actor: Actor, answer: SurveyAnswer) -> str | None:
    complaint = answer.complaint
    seen = complaint is not None and actor.can(Permission.CASE_VIEW)
    return complaint.reference if seen and complaint and sees(actor, complaint) else None


@router.post("/surveys/{number}/recipients", response=AddedOut, summary="Send a survey by mail")
@scope(Permission.REVIEW_WORK)
def recipients(request: HttpRequest, number: int, body: RecipientsIn) -> AddedOut:
    """Each person gets one invitation with a link of their own."""
    if bool(body.recipients) == bool(body.csv):
        raise BadInput("Give recipients or csv, one of them.", field="recipients")
    people = (
        read_csv(body.csv)
        if body.csv
        else [NewRecipient(one.email, one.name, one.language, one.phone, one.attributes) for one in body.recipients]
    )
    added = add_recipients(actor=api_actor(request), survey_id=number, people=people)
    return AddedOut(added=added.added, skipped=[SkippedOut(row=row, why=why) for row, why in added.skipped])


@router.post("/surveys/{number}/state", response=SurveyOut, summary="Close a survey or open it again")
@scope(Permission.REVIEW_WORK)
def set_state(request: HttpRequest, number: int, body: StateIn) -> SurveyOut:
    """A closed survey takes no more answers; its complaints go on."""
    surveys.set_open(actor=api_actor(request), survey_id=number, open_=body.open)
    return _out(surveys.access_survey(api_actor(request), number))


@router.post("/surveys/{number}/webhook", response={201: WebhookOut}, summary="Take answers of another tool")
@scope(Permission.SETTINGS_CHANGE)
def connect(request: HttpRequest, number: int, body: ConnectIn) -> Status[WebhookOut]:
    """Its secret is in this answer only."""
    actor = api_actor(request)
    webhook, secret = surveys.connect(
        actor=actor,
        survey_id=number,
        key=body.key,
        mapping=body.mapping,
        mapping_text=body.mapping_text,
        paths=body.paths,
        secret=body.secret,
        fetch_host=body.fetch_host,
        fetch_token=body.fetch_token,
    )
    return Status(201, webhook_out(webhook, secret))
