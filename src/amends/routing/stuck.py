"""Stuck cases: found, shown, and told of every morning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amends.accounts.public import Actor, Permission, TeamMember, User, actor_for_user
from amends.audit.public import Record
from amends.cases.public import OPEN_PHASES, Complaint, visible_complaints
from amends.core import clock
from amends.notifications.public import tell
from amends.routing.stuck_rules import (
    BOUNCES,
    OLD,
    WAITS_FOR_CUSTOMER,
    WAITS_FOR_US,
    Standing,
    read_thresholds,
    why_stuck,
)
from amends.triage.public import LaneName

MOST = 2000
"""So many open cases are looked at for one person, the oldest first."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """One stuck case with the reasons for it."""

    case: Complaint
    reasons: tuple[str, ...]
    hand_overs: int


def reason_words() -> dict[str, str]:
    """Each reason for people."""
    return {
        OLD: _("open for too long"),
        WAITS_FOR_US: _("waits for us for too long"),
        WAITS_FOR_CUSTOMER: _("waits for the customer for too long"),
        BOUNCES: _("handed from one to the other"),
    }


def stuck_cases(*, actor: Actor, now: datetime | None = None) -> list[Stuck]:
    """The stuck cases of the actor: their own, and for who gives out work all that they see, the oldest first (2 queries)."""
    cases = visible_complaints(actor)
    if not actor.can(Permission.CASE_ASSIGN):
        cases = cases.filter(owner_id=actor.user_id or 0)
    return _stuck(cases, now or clock.now())


def _stuck(cases: QuerySet[Complaint], now: datetime) -> list[Stuck]:
    limits = read_thresholds()
    complaints = cases.exclude(lane__lane=LaneName.OTHER)  # mail that is no complaint may rest
    open_cases = complaints.filter(phase__in=OPEN_PHASES).select_related("owner", "team").defer("search", "text")
    rows = list(open_cases.order_by("received_at", "id")[:MOST])
    hand_overs = _hand_overs([one.pk for one in rows])
    found = []
    for one in rows:
        standing = Standing(one.received_at, one.last_activity_at, one.waiting_for_us_since, hand_overs.get(one.pk, 0))
        reasons = why_stuck(standing, limits, now)
        if reasons:
            found.append(Stuck(one, reasons, standing.hand_overs))
    return found


def _hand_overs(ids: Iterable[int]) -> dict[int, int]:
    """How often each case went from one owner or team to another; the first of each is none (1 query)."""
    chains = [f"complaint:{one}" for one in ids]
    rows = Record.objects.filter(chain__in=chains, kind__in=["owner_changed", "team_changed"]).exclude(
        Q(data__before=None) | Q(data__after=None) | Q(data__before=F("data__after"))
    )
    counted = rows.order_by().values("chain").annotate(times=Count("id"))
    return {int(one["chain"].partition(":")[2]): one["times"] for one in counted}


def send_digest(*, now: datetime | None = None) -> int:
    """Tell each owner of their stuck cases, and each lead of those of their team; once a day. How many were told."""
    now = now or clock.now()
    owned = Complaint.objects.filter(phase__in=OPEN_PHASES, owner__is_active=True)
    owners = set(owned.order_by().values_list("owner_id", flat=True).distinct())
    leads = set(TeamMember.objects.filter(leads=True, user__is_active=True).values_list("user_id", flat=True))
    told = 0
    for user in User.objects.filter(pk__in=(owners | leads) - {None}, is_active=True).order_by("pk"):
        actor = actor_for_user(user)
        seen = visible_complaints(actor)
        mine = Q(owner=user.pk)
        if user.pk in leads:
            mine |= Q(team__in=TeamMember.objects.filter(user=user, leads=True).values("team_id"))
        count = len(_stuck(seen.filter(mine), now))
        if count:
            told += tell(
                users=[user.pk],
                kind="stuck_digest",
                title=lambda number=count: (
                    ngettext("%(number)d case is stuck", "%(number)d cases are stuck", number)  # type: ignore[misc]  # bound now
                    % {"number": number}
                ),
                url="/stuck/",
                complaint_id=None,
                key=f"stuck:{now:%Y-%m-%d}",
            )
    return told
