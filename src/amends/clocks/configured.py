"""The rule packs of this installation: the built-in ones and the folder in the settings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from amends.accounts.public import Unit, unit_settings
from amends.clocks.engine import NO_CLOSURES, calendar_for
from amends.clocks.library import UnknownPackError, Usable, pack_named, packs, usable
from amends.clocks.rulepack import RulePack
from amends.clocks.selectors import closed_days
from amends.core import clock

logger = logging.getLogger(__name__)


def own_folder() -> Path | None:
    """The folder with the organisation's own packs, if there is one."""
    return Path(settings.AMENDS_PACKS_DIR) if settings.AMENDS_PACKS_DIR else None


def usable_packs() -> Usable:
    """The packs that can be used here, and what is wrong with the others."""
    folder = own_folder()
    return usable(folder) if folder is not None else Usable(packs())


def configured_packs(keys: Sequence[str]) -> list[RulePack]:
    """The packs with these keys.

    One that is missing or wrong is logged and left out, and the others count: a complaint is never lost over it.
    """
    folder = own_folder()
    found = []
    for key in keys:
        pack = usable(folder).packs.get(key) if folder is not None else _built_in(key)
        if pack is None:
            logger.error("A rule pack cannot be used: there is no rule pack %r that can be read.", key)
        else:
            found.append(pack)
    return found


def _built_in(key: str) -> RulePack | None:
    """One built-in pack, without reading the others."""
    try:
        return pack_named(key)
    except UnknownPackError:
        return None


def uncertain_keys(keys: Sequence[str]) -> frozenset[str]:
    """Those of the keys whose pack is missing or wrong: what is counted by them already is left as it is until it is mended."""
    known = usable_packs() if own_folder() is not None else None
    if known is None:
        return frozenset(key for key in keys if _built_in(key) is None)
    return frozenset(key for key in keys if key in known.wrong or key not in known.packs)


def pack_problems(keys: Sequence[str] = ()) -> list[str]:
    """What is wrong with the packs of this installation, one sentence each, for `amends doctor`.

    `keys` are the packs that units name in their settings.
    """
    known = usable_packs()
    if known.problems:
        return list(known.problems)
    return [
        f"There is no rule pack {key!r}, which a unit's settings name: choose from {', '.join(known.packs)}."
        for key in sorted(set(keys) - set(known.packs))
    ]


def calendar_problems() -> list[str]:
    """What is wrong with the calendars by which the units count, one sentence each, for `amends doctor` (2 queries a unit)."""
    problems: dict[str, None] = {}
    today = clock.now()
    for unit in Unit.objects.order_by("path"):
        settings_of = unit_settings(unit.pk)
        for pack in configured_packs(settings_of.rule_packs):
            try:
                calendar_for(
                    pack,
                    timezone=settings_of.timezone,
                    country=settings_of.country,
                    subdivision=settings_of.subdivision,
                    closures=closed_days(settings_of) if pack.calendar.own_closures else NO_CLOSURES,
                ).add_working_days(today.date(), 1)
            except ValueError as wrong:
                problems[f"The unit {unit.key!r} cannot be counted with: {wrong}."] = None
    return list(problems)
