"""Lists of complaints: filters, search, keyset paging. The queue's pages and the API ask the same questions here."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Literal

from django.contrib.postgres.search import SearchQuery
from django.db.models import F, Q, QuerySet
from ninja import Schema
from pydantic import Field

from amends.accounts.public import Actor
from amends.cases.lifecycle import OPEN_PHASES, Phase
from amends.cases.models import Complaint, Customer
from amends.cases.policy import visible_complaints
from amends.core.errors import BadInput
from amends.core.paging import decode_cursor, encode_cursor
from amends.core.text import clean_line, normalise_email

_REFERENCE = re.compile(r"^am-\d{4}-\d{1,9}$", re.IGNORECASE)
_FAR = datetime.fromisoformat("9999-12-31T00:00:00+00:00")


class Filters(Schema):
    """What to list. `order` `newest` is by receipt; `due` is the queue's: the earliest running clock first."""

    q: str = Field("", max_length=200, description="reference, customer's address, or words of the text")
    phase: str = ""
    unit: str = ""
    team: str = ""
    product: str = ""
    category: str = ""
    owner: int | None = None
    unassigned: bool = False
    open: bool = False
    order: Literal["newest", "due"] = "newest"
    after: str = Field("", max_length=300, description="the `next` of the page before")
    limit: int = Field(50, ge=1, le=200)


def list_complaints(actor: Actor, filters: Filters) -> tuple[list[Complaint], str | None]:
    """One page of visible complaints with customer, unit, team, owner and product, and the cursor of the next (1 query)."""
    query = _filtered(visible_complaints(actor), filters).select_related("customer", "unit", "team", "owner", "product")
    query = _after_due(query, filters.after) if filters.order == "due" else _after_newest(query, filters.after)
    rows = list(query.defer("text", "search", "attributes")[: filters.limit + 1])
    more = len(rows) > filters.limit
    rows = rows[: filters.limit]
    return rows, _cursor(rows[-1], filters.order) if more else None


def _filtered(query: QuerySet[Complaint], filters: Filters) -> QuerySet[Complaint]:
    if filters.phase:
        if filters.phase not in Phase.values:
            raise BadInput(
                f"There is no phase {filters.phase!r}; choose from {', '.join(Phase.values)}.", field="phase"
            )
        query = query.filter(phase=filters.phase)
    if filters.open:
        query = query.filter(phase__in=sorted(OPEN_PHASES))
    exact: dict[str, Any] = {
        "unit__key": filters.unit,
        "team__key": filters.team,
        "product__key": filters.product,
        "category": filters.category,
    }
    query = query.filter(**{name: clean_line(value) for name, value in exact.items() if value})
    if filters.owner is not None:
        query = query.filter(owner_id=filters.owner)
    if filters.unassigned:
        query = query.filter(owner=None)
    return _searched(query, clean_line(filters.q)) if filters.q else query


def _searched(query: QuerySet[Complaint], words: str) -> QuerySet[Complaint]:
    """A reference finds its case, an address its customer's cases, anything else full text."""
    if _REFERENCE.match(words):
        return query.filter(reference=words.upper())
    if "@" in words and " " not in words:
        customers = Customer.objects.filter(email=normalise_email(words)).values("pk")
        return query.filter(Q(customer__in=customers) | Q(representative__in=customers))
    return query.filter(search=SearchQuery(words, config="simple", search_type="websearch"))


def _after_newest(query: QuerySet[Complaint], cursor: str) -> QuerySet[Complaint]:
    query = query.order_by("-received_at", "-id")
    if not cursor:
        return query
    moment, last_id = _read_cursor(cursor)
    return query.filter(received_at__lte=moment).exclude(received_at=moment, id__gte=last_id)


def _after_due(query: QuerySet[Complaint], cursor: str) -> QuerySet[Complaint]:
    query = query.order_by(F("next_due_at").asc(nulls_last=True), "id")
    if not cursor:
        return query
    moment, last_id = _read_cursor(cursor)
    if moment == _FAR:
        return query.filter(next_due_at=None, id__gt=last_id)
    return query.filter(Q(next_due_at__gt=moment) | Q(next_due_at=moment, id__gt=last_id) | Q(next_due_at=None))


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    moment, last_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(moment), int(last_id)
    except (TypeError, ValueError) as error:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after") from error


def _cursor(last: Complaint, order: str) -> str:
    moment = last.received_at if order == "newest" else (last.next_due_at or _FAR)
    return encode_cursor([moment.isoformat(), last.pk])
