"""Figures of reviews: sources that fail, and unhappy reviews that nobody has answered."""

from __future__ import annotations

from django.db.models import Count

from amends.core import clock
from amends.core.metrics import Labelled, reading
from amends.intake.channels.reviews.models import Mention, ReviewSource, SourceState
from amends.intake.channels.reviews.rules import ANSWER_WITHIN, is_failing


@reading("amends_review_sources_total", "Sources of reviews by kind and state.", ("kind", "state"))
def _sources() -> Labelled:
    counted: dict[tuple[str, ...], float] = {}
    for kind, state, error, failures in ReviewSource.objects.values_list(
        "kind", "state", "last_error_kind", "failures"
    ):
        failing = state == SourceState.ACTIVE and is_failing(kind=error, failures=failures)
        key = (kind, "failing" if failing else state)
        counted[key] = counted.get(key, 0) + 1
    return counted


@reading(
    "amends_reviews_answer_late_total", "Unhappy reviews without a public reply a day after we read them.", ("kind",)
)
def _late() -> Labelled:
    rows = Mention.objects.filter(unhappy=True, answered_at=None, gone_at=None).order_by()
    late = rows.filter(first_seen_at__lt=clock.now() - ANSWER_WITHIN)
    return {(kind,): float(number) for kind, number in late.values_list("source__kind").annotate(number=Count("pk"))}


@reading("amends_reviews_unanswered_total", "Unhappy reviews without a public reply.", ("kind",))
def _unanswered() -> Labelled:
    rows = Mention.objects.filter(unhappy=True, answered_at=None, gone_at=None).order_by()
    return {(kind,): float(number) for kind, number in rows.values_list("source__kind").annotate(number=Count("pk"))}
