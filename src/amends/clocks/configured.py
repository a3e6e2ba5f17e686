"""The rule packs of this installation: the built-in ones and the folder in the settings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from amends.accounts.public import Unit, unit_settings
from amends.clocks.engine import NO_CLOSURES, calendar_for
from amends.clocks.library import UnknownPackError, folder_problems, pack_named, packs
from amends.clocks.packfile import RulePackError
from amends.clocks.rulepack import RulePack
from amends.clocks.selectors import closed_days
from amends.core import clock

logger = logging.getLogger(__name__)


def own_folder() -> Path | None:
    """The folder with the organisation's own packs, if there is one."""
    return Path(settings.AMENDS_PACKS_DIR) if settings.AMENDS_PACKS_DIR else None


def configured_packs(keys: Sequence[str]) -> list[RulePack]:
    """The packs with these keys.

    One that is missing or wrong is logged and left out: a complaint is never lost over it.
    """
    found = []
    for key in keys:
        try:
            found.append(pack_named(key, own_folder()))
        except (UnknownPackError, RulePackError) as problem:
            logger.error("A rule pack cannot be used: %s", problem)  # noqa: TRY400  # the sentence says it all
    return found


def pack_problems(keys: Sequence[str] = ()) -> list[str]:
    """What is wrong with the packs of this installation, one sentence each, for `amends doctor`.

    `keys` are the packs that units name in their settings.
    """
    folder = own_folder()
    if folder is not None and (problems := folder_problems(folder)):
        return problems
    known = packs(folder)
    return [
        f"There is no rule pack {key!r}, which a unit's settings name: choose from {', '.join(known)}."
        for key in sorted(set(keys) - set(known))
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
