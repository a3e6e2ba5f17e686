"""Questions about people and units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amends.accounts.hours import Hours
from amends.accounts.models import Membership, Team, TeamMember, Unit, User
from amends.accounts.permissions import ROLE_PERMISSIONS, Permission
from amends.core.errors import BadInput
from amends.core.text import clean_line
from amends.core.together import read_once


@dataclass(frozen=True, slots=True)
class UnitSettings:
    """What holds for a unit after inheriting from the units above it."""

    unit_id: int
    name: str
    path: str
    timezone: str
    country: str
    subdivision: str
    language: str
    currency: str
    rule_packs: tuple[str, ...]
    sender_name: str
    sender_email: str
    phone: str
    hours: Hours


_DEFAULTS = {
    "timezone": "Europe/London",
    "country": "GB",
    "subdivision": "",
    "language": "en",
    "currency": "GBP",
    "sender_name": "",
    "sender_email": "",
    "phone": "",
}


_CHAIN = """
    SELECT above.* FROM accounts_unit AS one JOIN accounts_unit AS above ON starts_with(one.path, above.path)
    WHERE one.id = %s ORDER BY length(above.path) DESC
"""
"""A unit and the units above it, nearest first."""


def unit_settings(unit_id: int) -> UnitSettings:
    """The settings of a unit with everything inherited, in one query.

    The country and its subdivision are inherited together, so that a German shop below a British company does not
    get a Scottish holiday.
    """
    return read_once(("unit_settings", unit_id), lambda: _settings_of(unit_id))


def _settings_of(unit_id: int) -> UnitSettings:
    chain = list(Unit.objects.raw(_CHAIN, [unit_id]))
    if not chain:
        raise Unit.DoesNotExist(f"There is no unit {unit_id}.")
    unit = chain[0]
    values = {
        name: next((getattr(one, name) for one in chain if getattr(one, name)), default)
        for name, default in _DEFAULTS.items()
    }
    country_holder = next((one for one in chain if one.country), None)
    values["subdivision"] = country_holder.subdivision if country_holder else ""
    packs = next((tuple(one.rule_packs) for one in chain if one.rule_packs), ("house",))
    values["sender_name"] = values["sender_name"] or chain[-1].name
    hours: Hours = next((one.hours for one in chain if one.hours), {})
    return UnitSettings(unit_id=unit.pk, name=unit.name, path=unit.path, rule_packs=packs, hours=hours, **values)


def root_unit() -> Unit:
    """The organisation itself.

    Raises:
        BadInput: the system has not been set up yet.
    """
    unit = Unit.objects.filter(parent=None).first()
    if unit is None:
        raise BadInput("There is no organisation yet: open the first page and create the administrator.")
    return unit


def unit_by_key(key: str) -> Unit:
    """The unit with this key.

    Raises:
        BadInput: there is none.
    """
    unit = Unit.objects.filter(key=clean_line(key)).first()
    if unit is None:
        raise BadInput(f"There is no unit {key!r}.", field="unit")
    return unit


def team_by_key(key: str) -> Team:
    """The team with this key.

    Raises:
        BadInput: there is none.
    """
    team = Team.objects.filter(key=clean_line(key)).first()
    if team is None:
        raise BadInput(f"There is no team {key!r}.", field="team")
    return team


def team_members(team_id: int) -> list[User]:
    """Active members of a team, leads first."""
    rows = (
        TeamMember.objects.filter(team_id=team_id, user__is_active=True)
        .select_related("user")
        .order_by("-leads", "user__name")
    )
    return [row.user for row in rows]


def who_can(permission: Permission, user_ids: Iterable[int]) -> set[int]:
    """Those of these people who are active and hold the permission anywhere (1 query)."""
    roles = [role for role, held in ROLE_PERMISSIONS.items() if permission in held]
    rows = Membership.objects.filter(user_id__in=set(user_ids), user__is_active=True, role__in=roles)
    return set(rows.values_list("user_id", flat=True))


def teams() -> list[Team]:
    """Every team by tier and name."""
    return list(Team.objects.select_related("unit").order_by("tier", "name"))
