"""Which cases stand in which queue, in which order: one query for the cases, one for their clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amends.accounts.public import Actor, Team
from amends.cases.public import OPEN_PHASES, Complaint, Customer, Phase, visible_complaints
from amends.core import clock
from amends.core.errors import BadInput
from amends.core.paging import decode_cursor, encode_cursor
from amends.core.text import clean_line, shorten
from amends.triage.public import LaneName
from amends.workspace.badges import ClockBadge
from amends.workspace.deadlines import badges_for

PAGE = 50
SOON = timedelta(hours=4)
SEARCH_WORDS = 8
BY_TIME = frozenset({"all", "other"})
"""Views whose newest case comes first; in the others it is what is due first."""
CUSTOMERS = 200
"""At most so many customers are looked at for one search by name."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue of the left pane."""

    key: str
    title: LazyText | str
    command: LazyText | str
    explanation: LazyText | str


VIEWS = {
    view.key: view
    for view in (
        QueueView(
            "mine",
            gettext_lazy("My cases"),
            gettext_lazy("Go to my cases"),
            gettext_lazy("Open cases you own, what is due first at the top."),
        ),
        QueueView(
            "team",
            gettext_lazy("My team"),
            gettext_lazy("Go to my team's cases"),
            gettext_lazy("Open cases of your teams, what is due first at the top."),
        ),
        QueueView(
            "unassigned",
            gettext_lazy("Unassigned"),
            gettext_lazy("Go to unassigned cases"),
            gettext_lazy("Open cases that nobody has taken yet."),
        ),
        QueueView(
            "breaching",
            gettext_lazy("Late or nearly"),
            gettext_lazy("Go to cases that are late or nearly late"),
            gettext_lazy("A clock has run out, or will within four hours."),
        ),
        QueueView(
            "all",
            gettext_lazy("All cases"),
            gettext_lazy("Go to all cases"),
            gettext_lazy("Every case you may see, newest first."),
        ),
        QueueView(
            "other",
            gettext_lazy("Something else"),
            gettext_lazy("Go to open mail that is no complaint"),
            gettext_lazy("Open mail that is no complaint, newest first. No deadline runs here."),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list, with everything its row draws."""

    id: int
    reference: str
    url: str
    subject: str
    customer: str
    product: str
    phase: str
    care: tuple[str, ...]
    clocks: tuple[ClockBadge, ...]
    severity: int
    owner: str
    team: str
    received_at: datetime
    waiting: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows and the cursor of those after them ("" at the end)."""

    rows: list[Row]
    after: str


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the person chose above the list."""

    phase: str = ""
    severity: int | None = None

    def __bool__(self) -> bool:
        return bool(self.phase or self.severity)


_FIELDS = (
    *("id", "reference", "subject", "product_text", "phase", "safety", "vulnerable", "legal_or_media", "severity"),
    *("received_at", "next_due_at", "next_due_kind", "waiting_for_us_since"),
    *("customer__name", "customer__email", "product__name", "owner__name", "team__name"),
)


def queue_page(
    *, actor: Actor, view: str, narrowing: Narrowing | None = None, after: str = "", size: int = PAGE
) -> Page:
    """One page of a queue, found by the last row of the page before.

    Raises:
        BadInput: the cursor is damaged.
    """
    cases = _narrow(_in_view(actor, view), narrowing or Narrowing())
    by_time = view in BY_TIME
    cases = (
        cases.order_by("-received_at", "-id")
        if by_time
        else cases.order_by(F("next_due_at").asc(nulls_last=True), "id")
    )
    if after:
        cases = cases.filter(_newer_than(after) if by_time else _due_after(after))
    found = list(_light(cases)[: size + 1])
    last = found[size - 1] if len(found) > size else None
    moment = (last.received_at if by_time else last.next_due_at) if last else None
    cursor = encode_cursor([moment.isoformat() if moment else None, last.pk]) if last else ""
    return Page(rows=rows_of(found[:size]), after=cursor)


def _in_view(actor: Actor, view: str) -> QuerySet[Complaint]:
    cases = visible_complaints(actor)
    if view == "all":
        return cases
    cases = cases.filter(phase__in=sorted(OPEN_PHASES))
    if view == "mine":
        return cases.filter(owner_id=actor.user_id)  # whoever took something that is no complaint finds it here
    if view == "other":
        return cases.filter(lane__lane=LaneName.OTHER)
    cases = cases.exclude(lane__lane=LaneName.OTHER)
    if view == "team":
        return cases.filter(
            team_id__in=list(Team.objects.filter(team_members__user_id=actor.user_id or 0).values_list("pk", flat=True))
        )
    if view == "unassigned":
        return cases.filter(owner=None)
    return cases.filter(next_due_at__lte=clock.now() + SOON)


def _narrow(cases: QuerySet[Complaint], narrowing: Narrowing) -> QuerySet[Complaint]:
    if narrowing.phase in Phase.values:
        cases = cases.filter(phase=narrowing.phase)
    return cases.filter(severity=narrowing.severity) if narrowing.severity else cases


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if value else None
    except (TypeError, ValueError) as error:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after") from error
    if moment is not None and moment.tzinfo is None:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after")
    return moment


def _position(after: str) -> tuple[datetime | None, int]:
    moment, pk = decode_cursor(after, 2)
    return _moment(moment), pk if isinstance(pk, int) and 0 <= pk < 2**63 else 0


def _newer_than(after: str) -> Q:
    moment, pk = _position(after)
    return Q() if moment is None else Q(received_at__lt=moment) | Q(received_at=moment, id__lt=pk)


def _due_after(after: str) -> Q:
    moment, pk = _position(after)
    if moment is None:
        return Q(next_due_at=None, id__gt=pk)
    return Q(next_due_at__gt=moment) | Q(next_due_at=moment, id__gt=pk) | Q(next_due_at=None)


def _light(cases: QuerySet[Complaint]) -> QuerySet[Complaint]:
    return cases.select_related("customer", "product", "owner", "team").only(*_FIELDS)


def care_words(complaint: Complaint) -> tuple[str, ...]:
    """What needs special care in this case, as words."""
    wanted = (
        (complaint.safety, _("safety")),
        (complaint.vulnerable, _("vulnerable")),
        (complaint.legal_or_media, _("legal or media")),
    )
    return tuple(word for holds, word in wanted if holds)


def rows_of(complaints: Sequence[Complaint]) -> list[Row]:
    """Rows with their clocks (one query for all clocks)."""
    clocks = badges_for(complaints)
    return [_row(one, clocks) for one in complaints]


def _row(one: Complaint, clocks: Mapping[int, tuple[ClockBadge, ...]]) -> Row:
    reference = one.reference or ""
    return Row(
        id=one.pk,
        reference=reference,
        url=reverse("workspace:case", kwargs={"reference": reference}) if reference else "",
        subject=shorten(one.subject, 160) or _("(no subject)"),
        customer=shorten(one.customer.name or one.customer.email, 80) or _("unknown customer"),
        product=shorten(one.product.name if one.product else one.product_text, 60),
        phase=str(Phase(one.phase).label),
        care=care_words(one),
        clocks=clocks.get(one.pk, ()),
        severity=one.severity,
        owner=one.owner.name if one.owner else "",
        team=one.team.name if one.team else "",
        received_at=one.received_at,
        waiting=one.waiting_for_us_since is not None and one.phase in OPEN_PHASES,
    )


def search_page(*, actor: Actor, query: str, after: str = "", size: int = PAGE) -> Page:
    """Cases with this reference, customer, address or these words (word beginnings count), newest first.

    Raises:
        BadInput: the cursor is damaged.
    """
    query = clean_line(query)[:200]
    if not query:
        return Page(rows=[], after="")
    cases = visible_complaints(actor).exclude(reference=None)
    if query.upper().startswith("AM-"):
        cases = cases.filter(reference__startswith=query.upper()[:20])
    elif "@" in query:
        cases = cases.filter(
            customer__in=list(Customer.objects.filter(email=query.lower()).values_list("pk", flat=True)[:CUSTOMERS])
        )
    else:
        named = list(
            Customer.objects.filter(name__icontains=query).order_by("-pk").values_list("pk", flat=True)[:CUSTOMERS]
        )
        condition = Q(customer__in=named)
        if (words := _word_beginnings(query)) is not None:
            condition |= Q(search=words)
        cases = cases.filter(condition)
    cases = cases.order_by("-received_at", "-id")
    if after:
        cases = cases.filter(_newer_than(after))
    found = list(_light(cases)[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(
        rows=rows_of(found[:size]), after=encode_cursor([last.received_at.isoformat(), last.pk]) if last else ""
    )


def _word_beginnings(query: str) -> SearchQuery | None:
    """Every word as the beginning of one, all of them needed; only letters and digits reach PostgreSQL."""
    words = "".join(sign if sign.isalnum() else " " for sign in query).split()[:SEARCH_WORDS]
    return (
        SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple") if words else None
    )
