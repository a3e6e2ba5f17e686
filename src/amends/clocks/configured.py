"""The rule packs of this installation: the built-in ones and the folder in the settings."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from amends.clocks.library import UnknownPackError, pack_named, packs
from amends.clocks.packfile import RulePackError
from amends.clocks.rulepack import RulePack

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
    try:
        known = packs(own_folder())
    except RulePackError as refused:
        return [str(refused)]
    return [
        f"There is no rule pack {key!r}, which a unit's settings name: choose from {', '.join(known)}."
        for key in sorted(set(keys) - set(known))
    ]
