"""Questions about reviews: which ones an actor may see, and what became of their answers."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from amends.accounts.public import Actor, Permission
from amends.core.errors import BadInput, NotFound
from amends.core.paging import decode_cursor, encode_cursor
from amends.intake.channels.reviews.connectors.calls import moment_of
from amends.intake.channels.reviews.models import Mention, PublicReply, ReviewSource, SourceState
from amends.intake.channels.reviews.rules import is_failing

LARGEST = 2**62


class Show(StrEnum):
    """What a list of reviews shows."""

    UNANSWERED = "unanswered"
    UNHAPPY = "unhappy"
    ALL = "all"


def visible_mentions(actor: Actor) -> QuerySet[Mention]:
    """The reviews of the actor's units."""
    found = Mention.objects.select_related("source", "complaint")
    if not actor.can(Permission.CASE_VIEW):
        return found.none()
    return found if actor.unit_ids is None else found.filter(source__unit_id__in=actor.unit_ids)


def listed_mentions(actor: Actor, *, show: Show, source_id: int | None = None) -> QuerySet[Mention]:
    """The reviews of a list: unhappy ones without an answer that still stand there, all unhappy ones, or all."""
    found = visible_mentions(actor).defer("raw")
    if show is not Show.ALL:
        found = found.filter(unhappy=True)
    if show is Show.UNANSWERED:
        found = found.filter(answered_at=None, gone_at=None)
    if source_id is not None:
        found = found.filter(source_id=source_id)
    return found


def page_of_mentions(found: QuerySet[Mention], *, size: int, after: str = "") -> tuple[list[Mention], str]:
    """One page of a list, the newest published first, and the cursor of the next page or nothing.

    Raises:
        BadInput: the cursor is none of ours.
    """
    ordered = found.annotate(moment=Coalesce("published_at", "first_seen_at")).order_by("-moment", "-id")
    if after:
        said, number = decode_cursor(after, 2)
        moment = moment_of(said)
        if moment is None or not isinstance(number, int) or not 0 <= number < LARGEST:
            raise BadInput("The page cursor is damaged: start from the first page.", field="after")
        ordered = ordered.filter(Q(moment__lt=moment) | Q(moment=moment, pk__lt=number))
    rows: list[Mention] = [*ordered[: size + 1]]
    if len(rows) <= size:
        return rows, ""
    last = rows[size - 1]
    return rows[:size], encode_cursor([(last.published_at or last.first_seen_at).isoformat(), last.pk])


def access_mention(actor: Actor, number: int) -> Mention:
    """One review.

    Raises:
        NotFound: there is none, or it is not the actor's.
    """
    mention = visible_mentions(actor).filter(pk=number).first() if number < LARGEST else None
    if mention is None:
        raise NotFound
    return mention


def visible_sources(actor: Actor) -> QuerySet[ReviewSource]:
    """The sources of the actor's units, by name."""
    found = ReviewSource.objects.select_related("unit").order_by("name")
    return found if actor.unit_ids is None else found.filter(unit_id__in=actor.unit_ids)


def access_source(actor: Actor, number: int) -> ReviewSource:
    """One source.

    Raises:
        NotFound: there is none, or it is not the actor's.
    """
    source = visible_sources(actor).filter(pk=number).first() if number < LARGEST else None
    if source is None:
        raise NotFound
    return source


def replies_of(mention: Mention) -> list[PublicReply]:
    """Our replies to a review with their messages, the first one first (1 query)."""
    return list(mention.replies.select_related("message__author").order_by("number"))


def source_is_failing(source: ReviewSource) -> bool:
    """Whether an active source needs a look."""
    return source.state == SourceState.ACTIVE and is_failing(kind=source.last_error_kind, failures=source.failures)
