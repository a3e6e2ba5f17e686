"""The days on which a unit does not work."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from amends.accounts.public import Actor, Permission, Unit, unit_by_key
from amends.audit.public import record
from amends.clocks.models import Closure
from amends.core.errors import BadInput, NotFound
from amends.core.text import clean_line

LONGEST = 366


def closures_of(*, actor: Actor, unit_key: str) -> list[Closure]:
    """The closed days written down for this unit itself, earliest first.

    Raises:
        BadInput: there is no such unit.
    """
    return list(Closure.objects.filter(unit=_unit(actor, unit_key)))


def add_closure(*, actor: Actor, unit_key: str, first: date, last: date, name: str) -> Closure:
    """Close a unit and everything below it on these days; open complaints are counted anew.

    Raises:
        BadInput: there is no such unit, the days are the wrong way round, or nobody could find the name again.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    name = clean_line(name)[:200]
    if not name:
        raise BadInput("Name the days, for example Works holidays.", field="name")
    if not 0 <= (last - first).days <= LONGEST:
        raise BadInput("A closure ends on or after its first day and lasts at most a year.", field="last")
    with transaction.atomic():
        closure = Closure.objects.create(unit=_unit(actor, unit_key), first=first, last=last, name=name)
        _changed(actor, closure, "closure_added")
    return closure


def remove_closure(*, actor: Actor, closure_id: int) -> None:
    """Take a closure back; open complaints are counted anew.

    Raises:
        NotFound: there is none with this number that the actor sees.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        closure = Closure.objects.select_related("unit").filter(pk=closure_id).first()
        if closure is None or not actor.sees_unit(closure.unit_id):
            raise NotFound
        _changed(actor, closure, "closure_removed")
        closure.delete()


def _unit(actor: Actor, key: str) -> Unit:
    unit = unit_by_key(key)
    if not actor.sees_unit(unit.pk):
        raise BadInput(f"There is no unit {key!r}.", field="unit")
    return unit


def _changed(actor: Actor, closure: Closure, kind: str) -> None:
    from amends.clocks.jobs import reckon_unit  # jobs are importable only once Django is up

    record(
        actor=actor,
        chain=f"unit:{closure.unit_id}",
        kind=kind,
        data={"first": closure.first.isoformat(), "last": closure.last.isoformat()},
    )
    reckon_unit.defer(unit_id=closure.unit_id)
