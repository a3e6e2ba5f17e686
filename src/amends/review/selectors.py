"""Questions about causes and corrective actions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from amends.accounts.public import Actor
from amends.cases.public import Complaint, visible_complaints
from amends.core import clock
from amends.review.causes import cause_label, causes
from amends.review.models import CorrectiveAction, RootCause

ACTIONS_SHOWN = 200


def root_cause_of(complaint: Complaint) -> RootCause | None:
    """The current finding of a case (1 query)."""
    return RootCause.objects.filter(complaint_id=complaint.pk, replaced_at=None).first()


def actions_of(complaint: Complaint) -> list[CorrectiveAction]:
    """The corrective actions that a case led to (1 query)."""
    return list(
        CorrectiveAction.objects.filter(complaint_id=complaint.pk)
        .select_related("owner", "complaint")
        .order_by("due_on", "id")
    )


@dataclass(frozen=True, slots=True)
class CauseCount:
    """How often a cause was found. `width` is 0 to 100, of the most frequent one."""

    key: str
    label: str
    group: str
    count: int
    width: int


def causes_by_count(actor: Actor, *, language: str = "en", since: datetime | None = None) -> list[CauseCount]:
    """Causes of the cases the actor may see, the most frequent first (1 query)."""
    found = RootCause.objects.filter(replaced_at=None).exclude(cause="").filter(complaint__in=visible_complaints(actor))
    if since is not None:
        found = found.filter(found_at__gte=since)
    rows = list(
        found.values("cause").annotate(count=Count("id")).order_by("-count", "cause").values_list("cause", "count")
    )
    most = rows[0][1] if rows else 1
    return [
        CauseCount(key, cause_label(key, language), _group(key, language), count, round(100 * count / most))
        for key, count in rows
    ]


def _group(key: str, language: str) -> str:
    found = causes().get(key)
    return found[0].label.in_language(language) if found else ""


@dataclass(frozen=True, slots=True)
class ReviewFigures:
    """How many findings there are, and how many cases ended without one."""

    found: int
    without_cause: int
    done_without_finding: int


def review_figures(actor: Actor) -> ReviewFigures:
    """Figures over the cases the actor may see (2 queries)."""
    seen = visible_complaints(actor)
    counts = RootCause.objects.filter(replaced_at=None, complaint__in=seen).aggregate(
        found=Count("id", filter=~Q(cause="")), none=Count("id", filter=Q(cause=""))
    )
    done = seen.filter(resolved_at__isnull=False)
    current = RootCause.objects.filter(complaint=OuterRef("pk"), replaced_at=None)
    open_ended = done.filter(~Exists(current)).count()
    return ReviewFigures(counts["found"], counts["none"], open_ended)


def visible_actions(actor: Actor) -> QuerySet[CorrectiveAction]:
    """Corrective actions of the cases the actor may see, and those without a case."""
    return CorrectiveAction.objects.filter(
        Q(complaint=None) | Q(complaint__in=visible_complaints(actor))
    ).select_related("owner", "complaint")


def open_actions(actor: Actor) -> list[CorrectiveAction]:
    """What is still to be changed, the earliest first (1 query)."""
    return list(visible_actions(actor).filter(done_at=None).order_by("due_on", "id")[:ACTIONS_SHOWN])


def actions_to_check(actor: Actor) -> list[CorrectiveAction]:
    """What was changed and not looked at since, the earliest first (1 query)."""
    waiting = visible_actions(actor).filter(done_at__isnull=False, effect_checked_at=None)
    return list(waiting.order_by("effect_check_on", "id")[:ACTIONS_SHOWN])


def is_late(action: CorrectiveAction) -> bool:
    """Whether a change is not made though its day has passed."""
    return action.done_at is None and action.due_on < clock.now().date()
