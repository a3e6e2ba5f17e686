"""Opening hours, time zone and closed days of the units: what holds, where it comes from, and changing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from amends.accounts.public import Actor, Hours, Permission, Unit, change_unit, unit_settings
from amends.clocks.public import Closure
from amends.core.errors import NotFound
from amends.core.text import clean_line
from amends.routing.desk import note_change, said_why


@dataclass(frozen=True, slots=True)
class UnitTimes:
    """When one unit works.

    Attributes:
        hours_from: the unit that wrote the hours down; None when nobody did.
        zone_from: the unit that wrote the time zone down; None when nobody did.
        closures: those of the unit and the units above it that are not over, earliest first.
    """

    unit: Unit
    depth: int
    hours: Hours
    hours_from: Unit | None
    zone: str
    zone_from: Unit | None
    closures: tuple[Closure, ...]


def times_of_units(*, actor: Actor, now: datetime) -> list[UnitTimes]:
    """The units that the actor sees, from the top of the tree down (2 queries, and one for the zone of the root)."""
    units = {one.pk: one for one in Unit.objects.order_by("path")}
    closures = list(Closure.objects.filter(last__gte=now.date()).select_related("unit").order_by("first", "id"))
    fallback = unit_settings(next(iter(units))).timezone if units else "UTC"
    found = []
    for unit in units.values():
        if not actor.sees_unit(unit.pk):
            continue
        above = [units[int(part)] for part in reversed(unit.path.strip("/").split("/"))]
        hours_from = next((one for one in above if one.hours), None)
        zone_from = next((one for one in above if one.timezone), None)
        found.append(
            UnitTimes(
                unit=unit,
                depth=len(above) - 1,
                hours=hours_from.hours if hours_from else {},
                hours_from=hours_from,
                zone=zone_from.timezone if zone_from else fallback,
                zone_from=zone_from,
                closures=tuple(one for one in closures if one.unit_id in {parent.pk for parent in above}),
            )
        )
    return found


def access_unit(actor: Actor, key: str) -> Unit:
    """The unit with this key, if the actor sees it and may change settings.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    unit = Unit.objects.filter(key=clean_line(key)[:80]).first()
    if unit is None or not actor.sees_unit(unit.pk):
        raise NotFound
    return unit


def set_unit_times(*, actor: Actor, unit_key: str, hours: object, timezone: str, reason: str = "") -> Unit:
    """The unit's own hours and time zone; empty ones are inherited. Open complaints are counted anew for another zone.

    Raises:
        BadInput: the hours or the zone are wrong, or a person gives no reason.
        NotFound: there is no such unit, or it is not the actor's to see.
    """
    unit = access_unit(actor, unit_key)
    with transaction.atomic():
        before = Unit.objects.select_for_update().get(pk=unit.pk)
        after = change_unit(actor=actor, unit=before, hours=hours, timezone=timezone)
        changes = [
            {"field": name, "before": getattr(before, name), "after": getattr(after, name)}
            for name in ("hours", "timezone")
            if getattr(before, name) != getattr(after, name)
        ]
        if changes:
            note_change(actor=actor, unit=after, changes=changes, reason=said_why(actor, reason))
    return after
