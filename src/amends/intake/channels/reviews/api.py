"""Reviews and their sources in the API."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import File, Query, Router, Schema, UploadedFile
from ninja.responses import Status
from pydantic import Field

from amends.accounts.public import Permission, unit_by_key
from amends.core.api import api_actor, scope
from amends.core.errors import BadInput
from amends.intake.channels.reviews.files import FILE_LIMIT, take_file
from amends.intake.channels.reviews.models import Mention, ReviewSource
from amends.intake.channels.reviews.selectors import (
    Show,
    access_source,
    listed_mentions,
    source_is_failing,
    visible_sources,
)
from amends.intake.channels.reviews.services import NewSource, add_source

router = Router(tags=["reviews"])
PAGE = 100


class MentionOut(Schema):
    """A public review or mention, and what became of it. `answered_at` is null while no reply of ours stands there."""

    id: int
    source: str
    kind: str
    external_id: str
    author: str
    rating: int | None
    title: str
    text: str
    language: str
    url: str
    published_at: datetime | None
    first_seen_at: datetime
    gone_at: datetime | None
    unhappy: bool | None
    reference: str | None
    answered_at: datetime | None


class MentionsIn(Schema):
    """Which ones: unhappy without an answer, all unhappy ones, or all; of one source; what was read before the id `before`."""

    show: Show = Show.ALL
    source: int | None = Field(None, ge=1, le=2**62)
    before: int | None = Field(None, ge=1, le=2**62)


class SourceIn(Schema):
    """A new source. `values` has the settings of its kind; secrets as `env:AMENDS_REVIEWS_…` or `file:…`."""

    name: str = Field(max_length=120)
    kind: str = Field(max_length=30)
    unit: str = Field(max_length=100)
    values: dict[str, str] = {}
    threshold: int = Field(3, ge=0, le=5)
    contact: str = Field("", max_length=300)
    complaints_since: datetime | None = None
    every_minutes: int = Field(15, ge=1, le=1440)


class FileOut(Schema):
    """What a file held: reviews, those that were there before, and those that could not be stored."""

    reviews: int
    known: int
    failed: int


class SourceOut(Schema):
    """A source and how it is."""

    id: int
    name: str
    kind: str
    unit: str
    state: str
    failing: bool
    last_error: str
    last_fetch_at: datetime | None
    next_fetch_at: datetime


@router.get("/mentions", response=list[MentionOut], summary="Public reviews and mentions, the last read first")
@scope(Permission.CASE_VIEW)
def list_mentions(request: HttpRequest, wanted: Query[MentionsIn]) -> list[MentionOut]:
    """At most 100; ask again with `before` set to the last id."""
    found = listed_mentions(api_actor(request), show=wanted.show, source_id=wanted.source).order_by("-id")
    if wanted.before is not None:
        found = found.filter(pk__lt=wanted.before)
    return [_mention_out(one) for one in found[:PAGE]]


def _mention_out(one: Mention) -> MentionOut:
    return MentionOut(
        id=one.pk,
        source=one.source.name,
        kind=one.source.kind,
        external_id=one.external_id,
        author=one.author,
        rating=one.rating,
        title=one.title,
        text=one.text,
        language=one.language,
        url=one.url,
        published_at=one.published_at,
        first_seen_at=one.first_seen_at,
        gone_at=one.gone_at,
        unhappy=one.unhappy,
        reference=one.complaint.reference if one.complaint else None,
        answered_at=one.answered_at,
    )


@router.get("/review-sources", response=list[SourceOut], summary="Sources of reviews")
@scope(Permission.SETTINGS_CHANGE)
def list_sources(request: HttpRequest) -> list[SourceOut]:
    """All sources of the token's units, by name."""
    return [_source_out(one) for one in visible_sources(api_actor(request))]


@router.post("/review-sources", response={201: SourceOut}, summary="Add a source of reviews")
@scope(Permission.SETTINGS_CHANGE)
def create_source(request: HttpRequest, body: SourceIn) -> Status[SourceOut]:
    """It is visited within a minute."""
    new = NewSource(
        name=body.name,
        kind=body.kind,
        unit_id=unit_by_key(body.unit).pk,
        values=body.values,
        threshold=body.threshold,
        contact=body.contact,
        complaints_since=body.complaints_since,
        every_minutes=body.every_minutes,
    )
    return Status(201, _source_out(add_source(actor=api_actor(request), new=new)))


@router.post("/review-sources/{source_id}/file", response=FileOut, summary="Take in a CSV file of reviews")
@scope(Permission.CASE_REGISTER)
def take(request: HttpRequest, source_id: int, file: File[UploadedFile]) -> FileOut:
    """For a source of the kind `csv`, with its mapping of columns. The same file again changes nothing."""
    source = access_source(api_actor(request), source_id)
    if (file.size or 0) > FILE_LIMIT:
        raise BadInput("The file is too large: divide it.", field="file")
    taken = take_file(actor=api_actor(request), source_id=source.pk, data=file.read())
    return FileOut(reviews=taken.reviews, known=taken.known, failed=taken.failed)


def _source_out(one: ReviewSource) -> SourceOut:
    return SourceOut(
        id=one.pk,
        name=one.name,
        kind=one.kind,
        unit=one.unit.key,
        state=one.state,
        failing=source_is_failing(one),
        last_error=one.last_error,
        last_fetch_at=one.last_fetch_at,
        next_fetch_at=one.next_fetch_at,
    )
