"""Questions about promises: those of a case, and the ledger of all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from amends.accounts.public import Actor
from amends.cases.public import Complaint, closed_complaints, visible_complaints
from amends.core import clock
from amends.core.paging import decode_cursor, encode_cursor
from amends.handling.models import Promise
from amends.handling.rules import RUNNING_STATES, PromiseState

PAGE = 50
DUE_SOON = timedelta(days=2)


def promises_of(complaint: Complaint) -> list[Promise]:
    """The promises of a case by their day, each with its delays (2 queries)."""
    return list(
        Promise.objects.filter(complaint_id=complaint.pk)
        .select_related("step")
        .prefetch_related("delays")
        .order_by("due_at", "id")
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """How promises ended: `kept` on the day promised, `explained` before it passed and then done, `broken`.

    `running` and `due_soon` are still to be kept; `due_soon` ends within two days.
    """

    kept: int
    explained: int
    broken: int
    running: int
    due_soon: int

    @property
    def ended(self) -> int:
        """All that can be judged."""
        return self.kept + self.explained + self.broken

    def share(self, count: int) -> float | None:
        """A count as a share of all that ended, 0 to 1; None while none has."""
        return count / self.ended if self.ended else None


def visible_promises(actor: Actor) -> QuerySet[Promise]:
    """The promises in cases the actor may see."""
    if actor.kind in ("user", "token", "system") and actor.unit_ids is None:
        return Promise.objects.exclude(complaint__in=closed_complaints(actor))
    return Promise.objects.filter(complaint__in=visible_complaints(actor))


def promise_rate(actor: Actor, *, since: datetime | None = None) -> Rate:
    """The figures over all visible promises made since then (1 query)."""
    rows = visible_promises(actor)
    if since is not None:
        rows = rows.filter(made_at__gte=since)
    running = Q(done_at=None, state__in=RUNNING_STATES)
    counts = rows.aggregate(
        kept=Count("id", filter=Q(state=PromiseState.KEPT)),
        explained=Count("id", filter=Q(state=PromiseState.EXPLAINED, done_at__isnull=False)),
        broken=Count("id", filter=Q(state=PromiseState.BROKEN)),
        running=Count("id", filter=running),
        due_soon=Count("id", filter=running & Q(due_at__lte=clock.now() + DUE_SOON)),
    )
    return Rate(**counts)


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """One page of the ledger; `older` is the cursor of the next one."""

    promises: tuple[Promise, ...]
    older: str


VIEWS = ("running", "broken", "done")


def ledger(actor: Actor, view: str, *, after: str = "") -> LedgerPage:
    """A page of promises: `running` by their day, the earliest first; `broken` and `done` newest first (2 queries).

    Raises:
        BadInput: the cursor is damaged.
    """
    rows = visible_promises(actor).select_related("complaint", "complaint__owner").prefetch_related("delays")
    if view == "running":
        rows = rows.filter(done_at=None, state__in=RUNNING_STATES).order_by("due_at", "id")
        found = _page(rows, "due_at", after, forward=True)
    elif view == "broken":
        found = _page(rows.filter(state=PromiseState.BROKEN).order_by("-due_at", "-id"), "due_at", after, forward=False)
    else:
        done = rows.filter(done_at__isnull=False).exclude(state=PromiseState.BROKEN)
        found = _page(done.order_by("-done_at", "-id"), "done_at", after, forward=False)
    return found


def _page(rows: QuerySet[Promise], field: str, after: str, *, forward: bool) -> LedgerPage:
    if after:
        moment, last_id = decode_cursor(after, 2)
        rows = rows.filter(_beyond(field, _moment(moment), int(last_id), forward=forward))
    found = list(rows[: PAGE + 1])
    more = len(found) > PAGE
    shown = tuple(found[:PAGE])
    older = encode_cursor([getattr(shown[-1], field).isoformat(), shown[-1].pk]) if more else ""
    return LedgerPage(shown, older)


def _beyond(field: str, moment: datetime, last_id: int, *, forward: bool) -> Q:
    way = "gt" if forward else "lt"
    return Q(**{f"{field}__{way}": moment}) | Q(**{field: moment, f"id__{way}": last_id})


def _moment(value: object) -> datetime:
    from amends.core.errors import BadInput

    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after") from error
    if moment.tzinfo is None:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after")
    return moment
