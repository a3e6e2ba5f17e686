"""The verbs of the desk: say what people can take on, and how teams work. Each change says who made it, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from amends.accounts.public import (
    Actor,
    HoursError,
    Permission,
    Team,
    TeamMember,
    Unit,
    User,
    check_hours,
    set_languages,
)
from amends.audit.public import record
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.core.text import clean, clean_line
from amends.routing.models import Assigns, DeskChange, TeamDesk, Worker

LISTS = ("product_lines", "regimes", "skills")
FIELDS = (*LISTS, "severity_up_to", "capacity", "hours", "timezone")
MOST_REASON = 2000


def arranged_teams(actor: Actor) -> QuerySet[Team]:
    """The teams whose work the actor arranges: those of the units they see, and those they lead.

    Raises:
        NotAllowed: the actor arranges nobody's work.
    """
    if not (actor.can(Permission.CASE_ASSIGN) or actor.can(Permission.SETTINGS_CHANGE)):
        raise NotAllowed(_("Only team leads and administrators arrange who takes which case."))
    teams = Team.objects.select_related("unit", "desk").order_by("tier", "name", "id")
    if actor.kind == "system" or actor.unit_ids is None:
        return teams
    led = TeamMember.objects.filter(user_id=actor.user_id or 0, leads=True).values("team_id")
    return teams.filter(Q(unit_id__in=actor.unit_ids) | Q(pk__in=led))


def access_team(actor: Actor, key: str) -> Team:
    """The team with this key, if the actor arranges its work.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    team = arranged_teams(actor).filter(key=clean_line(key)[:80]).first()
    if team is None:
        raise NotFound
    return team


def access_person(actor: Actor, user_id: int) -> User:
    """An active member of staff whose work the actor arranges; who sees every unit arranges everybody's.

    Raises:
        NotFound: there is nobody, or it is not theirs to say.
    """
    teams = arranged_teams(actor)
    people = User.objects.filter(pk=user_id, is_active=True)
    if not (actor.kind == "system" or actor.unit_ids is None):
        people = people.filter(team_members__team__in=teams.order_by()).distinct()
    person = people.first()
    if person is None:
        raise NotFound
    return person


def set_desk(
    *, actor: Actor, team_id: int, assigns: str, hours: object = None, timezone: str = "", reason: str = ""
) -> TeamDesk:
    """Say how a team's cases find their owner, and its hours; a person says why.

    Raises:
        BadInput: a word, the hours or the zone are wrong, or the reason is missing.
        NotFound: there is no such team, or the actor does not arrange its work.
    """
    teams = arranged_teams(actor)
    if assigns not in Assigns.values:
        raise BadInput(_("Choose by hand, or to whoever is free."), field="assigns")
    values = {"assigns": assigns, "hours": _hours(hours or {}), "timezone": _zone(timezone)}
    team = teams.filter(pk=team_id).first()
    if team is None:
        raise NotFound
    with transaction.atomic():
        TeamDesk.objects.get_or_create(team=team)
        desk = TeamDesk.objects.select_for_update().get(team=team)
        changes = _differences(desk, values)
        if changes:
            why = said_why(actor, reason)
            _write(desk, values)
            note_change(actor=actor, team=team, changes=changes, reason=why)
            record(actor=actor, chain="routing_desks", kind="desk_changed", data={"team": team.pk, "assigns": assigns})
    return desk


def set_worker(
    *, actor: Actor, user_id: int, reason: str = "", languages: list[str] | None = None, **values: Any
) -> Worker:
    """Say what somebody can take on: any of product_lines, regimes, skills, severity_up_to, capacity, hours, timezone.

    `languages` are those they speak, as two letters each. A person says why; nothing changed is nothing recorded.

    Raises:
        BadInput: a value is wrong, or the reason is missing.
        NotFound: there is no such person, or the actor does not arrange their work.
    """
    arranged_teams(actor)
    unknown = sorted(set(values) - set(FIELDS))
    if unknown:
        raise BadInput(_("There is no field %(name)s.") % {"name": unknown[0][:40]}, field=unknown[0][:40])
    checked = _checked(values)
    user = access_person(actor, user_id)
    with transaction.atomic():
        Worker.objects.get_or_create(user=user)
        worker = Worker.objects.select_for_update().get(user=user)
        changes = _differences(worker, checked)
        if languages is not None:
            before = user.languages
            user = set_languages(actor=actor, user=user, languages=languages)
            if user.languages != before:
                changes.append({"field": "languages", "before": before, "after": user.languages})
        if changes:
            why = said_why(actor, reason)
            _write(worker, checked)
            note_change(actor=actor, user=user, changes=changes, reason=why)
            data = {"user": user_id, "fields": sorted(one["field"] for one in changes)}
            record(actor=actor, chain="routing_desks", kind="worker_changed", data=data)
    return worker


def said_why(actor: Actor, reason: str) -> str:
    """The reason as it is kept.

    Raises:
        BadInput: a person gave none.
    """
    why = clean(reason).strip()[:MOST_REASON]
    if not why and actor.user_id is not None:
        raise BadInput(_("Say why, so that colleagues understand the change later."), field="reason")
    return why


def note_change(
    *,
    actor: Actor,
    changes: list[dict[str, Any]],
    reason: str,
    user: User | None = None,
    team: Team | None = None,
    unit: Unit | None = None,
) -> DeskChange:
    """Keep who changed what and why, for the pages."""
    return DeskChange.objects.create(
        user=user, team=team, unit=unit, changes=changes, reason=reason, by_id=actor.user_id, by_name=actor.name[:200]
    )


def changes_of(*, users: Iterable[int] = (), teams: Iterable[int] = (), limit: int = 20) -> list[DeskChange]:
    """The newest changes of these people and teams (1 query)."""
    about = Q(user_id__in=list(users)) | Q(team_id__in=list(teams))
    return list(DeskChange.objects.filter(about).select_related("user", "team").order_by("-at", "-id")[:limit])


def _differences(row: TeamDesk | Worker, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"field": name, "before": getattr(row, name), "after": value}
        for name, value in values.items()
        if getattr(row, name) != value
    ]


def _write(row: TeamDesk | Worker, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    if values:
        row.save(update_fields=sorted(values))


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = dict(values)
    for name in LISTS:
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
