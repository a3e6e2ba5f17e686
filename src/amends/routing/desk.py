"""The verbs of the desk: give out cases, say who is here, give back what somebody leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, Team, TeamMember, User, actor_for_user
from amends.audit.public import record
from amends.cases.public import OPEN_PHASES, Complaint, Direction, Message, MessageState, Product, assign
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.core.text import clean_line
from amends.notifications.public import tell
from amends.routing.assigning import Given, Person, Waiting, give
from amends.routing.facts import Units
from amends.routing.hours import HoursError, check_hours
from amends.routing.models import Assigns, CaseAboutStaff, PresenceWord, RoutedCase, TeamDesk, Worker
from amends.routing.presence import HERE, OFF, presence

LOOKED_AT = 2000
"""So many of a team's waiting cases are weighed in one run: enough that some which nobody there can do block nothing."""
BATCH = 200
STAMP_EVERY = timedelta(minutes=1)
SAYS_FOR = timedelta(hours=12)
_FIELDS = ("product_lines", "regimes", "skills", "severity_up_to", "capacity", "hours", "timezone")


def set_desk(*, actor: Actor, team_id: int, assigns: str, hours: object = None, timezone: str = "") -> TeamDesk:
    """Say how a team's cases find their owner, and its hours.

    Raises:
        BadInput: a word, the hours or the zone are wrong.
        NotFound: there is no such team.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    if assigns not in Assigns.values:
        raise BadInput(_("Choose by hand, or to whoever is free."), field="assigns")
    values = {"assigns": assigns, "hours": _hours(hours or {}), "timezone": _zone(timezone)}
    if not Team.objects.filter(pk=team_id).exists():
        raise NotFound
    with transaction.atomic():
        desk, _created = TeamDesk.objects.update_or_create(team_id=team_id, defaults=values)
        record(actor=actor, chain="routing_desks", kind="desk_changed", data={"team": team_id, "assigns": assigns})
    return desk


def set_worker(*, actor: Actor, user_id: int, **values: Any) -> Worker:
    """Say what somebody can take on: any of product_lines, regimes, skills, severity_up_to, capacity, hours, timezone.

    Raises:
        BadInput: a value is wrong.
        NotFound: there is no such person.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    unknown = sorted(set(values) - set(_FIELDS))
    if unknown:
        raise BadInput(_("There is no field %(name)s.") % {"name": unknown[0][:40]}, field=unknown[0][:40])
    checked = _checked(values)
    if not User.objects.filter(pk=user_id, is_active=True).exists():
        raise NotFound
    with transaction.atomic():
        worker, _created = Worker.objects.update_or_create(user_id=user_id, defaults=checked)
        record(
            actor=actor, chain="routing_desks", kind="worker_changed", data={"user": user_id, "fields": sorted(checked)}
        )
    return worker


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = dict(values)
    for name in ("product_lines", "regimes", "skills"):
        if name in checked:
            checked[name] = sorted({clean_line(str(one))[:40] for one in checked[name]} - {""})[:50]
    if not 1 <= int(checked.get("severity_up_to", 4)) <= 4:
        raise BadInput(_("Severity is a number from 1 to 4."), field="severity_up_to")
    capacity = int(checked.get("capacity", 24))
    if capacity != 0 and not 4 <= capacity <= 1000:
        raise BadInput(
            _("Capacity is 0 for nobody's turn, or 4 to 1000: the most serious case weighs 4."), field="capacity"
        )
    if "hours" in checked:
        checked["hours"] = _hours(checked["hours"])
    if "timezone" in checked:
        checked["timezone"] = _zone(str(checked["timezone"]))
    return checked


def _hours(given: object) -> dict[str, list[list[str]]]:
    try:
        return check_hours(given)
    except HoursError as error:
        raise BadInput(str(error), field="hours") from None


def _zone(given: str) -> str:
    if given and given not in available_timezones():
        raise BadInput(_("That is not a time zone; write a name such as Europe/Berlin."), field="timezone")
    return given


def seen(*, user_id: int, now: datetime | None = None) -> bool:
    """A page of theirs is open; stamped at most once a minute. True when it was stamped (1 query, 2 the first time)."""
    now = now or clock.now()
    old = Q(last_seen=None) | Q(last_seen__lt=now - STAMP_EVERY)
    if Worker.objects.filter(old, user_id=user_id).update(last_seen=now):
        return True
    _worker, created = Worker.objects.get_or_create(user_id=user_id, defaults={"last_seen": now})
    return created


def say_presence(*, actor: Actor, word: str, now: datetime | None = None) -> int:
    """Say of oneself: here, away, off shift, or nothing (hours and pages tell). Off gives back what nobody answered; how many.

    Raises:
        BadInput: the word is not known, or no person says it.
    """
    if actor.user_id is None:
        raise BadInput(_("Only a member of staff is here or away."), field="presence")
    if word not in ("", *PresenceWord.values):
        raise BadInput(_("Say here, away or off."), field="presence")
    now = now or clock.now()
    with transaction.atomic():
        Worker.objects.update_or_create(
            user_id=actor.user_id,
            defaults={"says": word, "says_until": now + SAYS_FOR if word else None, "last_seen": now},
        )
        return give_back(user_id=actor.user_id) if word == PresenceWord.OFF else 0


def give_back(*, user_id: int) -> int:
    """Put the unanswered cases of somebody who left back into the queue of their team; how many. Answered ones stay."""
    with transaction.atomic():
        cases = _unanswered().filter(owner_id=user_id)
        cases = cases.select_for_update(of=("self",), no_key=True, skip_locked=True)
        ids = list(cases.order_by("id").values_list("pk", flat=True)[:BATCH])
        for one in ids:
            assign(actor=SYSTEM, complaint_id=one, owner_id=None)
            record(
                actor=SYSTEM,
                chain=f"complaint:{one}",
                kind="given_back",
                data={"from": user_id, "because": "off shift"},
            )
    return len(ids)


def _unanswered() -> QuerySet[Complaint]:
    """Open cases in a team's queue that wait for us; an answer that is on its way out counts as given."""
    on_its_way = Message.objects.filter(
        complaint=OuterRef("pk"),
        direction=Direction.OUT,
        automatic=False,
        state__in=[MessageState.QUEUED, MessageState.SENDING],
    )
    waiting = Complaint.objects.filter(team__isnull=False, phase__in=OPEN_PHASES, waiting_for_us_since__isnull=False)
    return waiting.filter(~Exists(on_its_way))


def give_back_of_absent(*, now: datetime | None = None) -> int:
    """Of everybody in a team that gives out by itself who is off shift: give back; how many cases."""
    now = now or clock.now()
    desks = {one.team_id: one for one in TeamDesk.objects.filter(assigns=Assigns.FREE).select_related("team__unit")}
    members = TeamMember.objects.filter(team__in=desks).order_by("user_id", "team_id").values_list("user_id", "team_id")
    home = {user: desks[team] for user, team in members}
    workers = {one.user_id: one for one in Worker.objects.filter(user_id__in=home)}
    off = [user for user, desk in home.items() if user in workers and _presence(workers[user], desk, now) == OFF]
    holding = _unanswered().filter(owner_id__in=off)
    return sum(give_back(user_id=user) for user in sorted(set(holding.values_list("owner_id", flat=True))) if user)


def _presence(worker: Worker, desk: TeamDesk, now: datetime) -> str:
    zone = worker.timezone or desk.timezone or desk.team.unit.timezone or "UTC"
    return presence(
        says=worker.says,
        says_until=worker.says_until,
        last_seen=worker.last_seen,
        hours=worker.hours or desk.hours,
        zone=ZoneInfo(zone),
        now=now,
    )


def assign_waiting(*, team_id: int, now: datetime | None = None) -> list[Given]:
    """Give the waiting cases of a team to whoever is free; empty when the team does it by hand.

    The desk and then the people are locked, in the order of their ids: two workers of the same team, or of two teams that
    share somebody, take turns, so nobody gets more than they can take on.
    """
    now = now or clock.now()
    with transaction.atomic():
        desk = TeamDesk.objects.select_for_update().filter(team_id=team_id, assigns=Assigns.FREE).first()
        if desk is None:
            return []
        members = TeamMember.objects.filter(team_id=team_id, user__is_active=True).values_list("user_id", flat=True)
        locked = Worker.objects.select_for_update(of=("self",)).filter(user_id__in=list(members), capacity__gt=0)
        workers = [one for one in locked.order_by("user_id") if _presence(one, desk, now) == HERE]
        if not workers:
            return []
        given = give(_waiting(team_id), _people(workers))
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


def _people(workers: Sequence[Worker]) -> list[Person]:
    """The people with their load, of those who may work on cases."""
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
        if actor_for_user(users[one.user_id]).can(Permission.CASE_WORK)
    ]


def _waiting(team_id: int) -> list[Waiting]:
    """The longest waiting cases of the team that nobody owns."""
    rows = list(
        Complaint.objects.filter(team_id=team_id, owner=None, phase__in=OPEN_PHASES, waiting_for_us_since__isnull=False)
        .exclude(handoffs__state="offered")
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
