"""Giving out: the waiting cases of a team go to whoever is free and can do them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Permission, TeamMember, User, who_can
from amends.audit.public import record
from amends.cases.public import OPEN_PHASES, Complaint, Product, assign
from amends.core import clock
from amends.notifications.public import tell
from amends.routing.assigning import Given, Person, Waiting, give
from amends.routing.attendance import Places, schedule_of, standing
from amends.routing.facts import Units
from amends.routing.models import Assigns, CaseAboutStaff, RoutedCase, TeamDesk, Worker
from amends.routing.presence import HERE
from amends.triage.public import LaneName

LOOKED_AT = 2000
"""So many of a team's waiting cases are weighed in one run: enough that some which nobody there can do block nothing."""


def assign_waiting(*, team_id: int, now: datetime | None = None) -> list[Given]:
    """Give the waiting cases of a team to whoever is free; empty when the team does it by hand.

    The desk and then the people are locked, in the order of their ids: two workers of the same team, or of two teams that
    share somebody, take turns, so nobody gets more than they can take on.
    """
    now = now or clock.now()
    with transaction.atomic():
        desks = TeamDesk.objects.select_for_update(of=("self",)).select_related("team")
        desk = desks.filter(team_id=team_id, assigns=Assigns.FREE).first()
        if desk is None:
            return []
        members = TeamMember.objects.filter(team_id=team_id, user__is_active=True).values_list("user_id", flat=True)
        locked = Worker.objects.select_for_update(of=("self",)).filter(user_id__in=list(members), capacity__gt=0)
        candidates = list(locked.order_by("user_id"))
        if not candidates:
            return []
        places = Places(now)
        schedules = {one.pk: schedule_of(one, desk.team, desk, places, now) for one in candidates}
        workers = [one for one in candidates if standing(one, schedules[one.pk], now) == HERE]
        given = give(waiting_cases(team_id), people_with_load(workers)) if workers else []
        return [one for one in given if _hand_over(one, team_id, now)]


def _hand_over(one: Given, team_id: int, now: datetime) -> bool:
    """Make it theirs, unless somebody else is changing the case this moment: then the next run sees what became of it."""
    free = Complaint.objects.filter(pk=one.case_id, owner=None, team_id=team_id, phase__in=OPEN_PHASES)
    if free.select_for_update(of=("self",), no_key=True, skip_locked=True).only("id").first() is None:
        return False
    complaint = assign(actor=SYSTEM, complaint_id=one.case_id, owner_id=one.person_id)
    Worker.objects.filter(user_id=one.person_id).update(last_given_at=now)
    record(
        actor=SYSTEM,
        chain=f"complaint:{one.case_id}",
        kind="given_out",
        data={"to": one.person_id, "because": "had this customer before" if one.known else "free"},
    )
    tell(
        users=[one.person_id],
        kind="given",
        title=lambda: f"{complaint.reference}: {_('this case is yours now')}",
        url=f"/cases/{complaint.reference}/",
        complaint_id=one.case_id,
        key=f"given:{one.case_id}:{now:%Y%m%d%H%M%S}",
    )
    return True


def people_with_load(workers: Sequence[Worker]) -> list[Person]:
    """The people with their load, of those who may work on cases (3 queries)."""
    able = who_can(Permission.CASE_WORK, [one.user_id for one in workers])
    users = User.objects.in_bulk([one.user_id for one in workers])
    open_cases = Complaint.objects.filter(owner_id__in=users, phase__in=OPEN_PHASES).order_by().values("owner_id")
    load = {one["owner_id"]: one["load"] for one in open_cases.annotate(load=Sum("severity"))}
    return [
        Person(
            id=one.user_id,
            capacity=one.capacity,
            load=load.get(one.user_id, 0),
            severity_up_to=one.severity_up_to,
            languages=frozenset(users[one.user_id].languages),
            lines=frozenset(one.product_lines),
            regimes=frozenset(one.regimes),
            skills=frozenset(one.skills),
            last_given=one.last_given_at,
        )
        for one in workers
        if one.user_id in able
    ]


def waiting_cases(team_id: int) -> list[Waiting]:
    """The longest waiting cases of the team that nobody owns; mail that is no complaint rests."""
    rows = list(
        Complaint.objects.filter(team_id=team_id, owner=None, phase__in=OPEN_PHASES, waiting_for_us_since__isnull=False)
        .exclude(handoffs__state="offered")
        .exclude(lane__lane=LaneName.OTHER)
        .only("id", "waiting_for_us_since", "severity", "language", "product_id", "unit_id", "customer_id")
        .order_by("waiting_for_us_since", "id")[:LOOKED_AT]
    )
    ids = [one.pk for one in rows]
    skills = dict(RoutedCase.objects.filter(complaint__in=ids).values_list("complaint_id", "skill"))
    lines = dict(
        Product.objects.filter(pk__in=[one.product_id for one in rows if one.product_id]).values_list("pk", "line")
    )
    about: dict[int, set[int]] = {}
    for case, user in CaseAboutStaff.objects.filter(complaint__in=ids).values_list("complaint_id", "user_id"):
        about.setdefault(case, set()).add(user)
    earlier = Complaint.objects.filter(customer__in={one.customer_id for one in rows}, owner__isnull=False)
    owners = dict(earlier.order_by("received_at", "id").values_list("customer_id", "owner_id"))
    units = Units()
    return [
        Waiting(
            id=one.pk,
            since=one.waiting_for_us_since or clock.now(),
            severity=one.severity,
            language=one.language,
            line=lines.get(one.product_id or 0, ""),
            regimes=frozenset(units.packs(one.unit_id)) - {"house"},
            skill=skills.get(one.pk, ""),
            last_owner=owners.get(one.customer_id),
            about=frozenset(about.get(one.pk, ())),
        )
        for one in rows
    ]
