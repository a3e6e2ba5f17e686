"""Counting many open complaints anew, when a unit's settings or a rule pack changed."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.db.models import Q

from amends.accounts.public import SYSTEM, Unit
from amends.cases.public import OPEN_PHASES, Complaint
from amends.clocks.configured import usable_packs
from amends.clocks.models import Clock
from amends.clocks.services.running import recompute

logger = logging.getLogger(__name__)
BATCH = 500


def reckon_unit(*, unit_id: int, after: int = 0) -> int | None:
    """Count the open complaints of a unit and of those below it anew, a batch at a time.

    Returns the id of the last complaint of the batch, from which the next one goes on; None when all are done.
    """
    path = Unit.objects.values_list("path", flat=True).get(pk=unit_id)
    waiting = Complaint.objects.filter(unit__path__startswith=path, phase__in=OPEN_PHASES, pk__gt=after).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True)[:BATCH])
    _recompute_each(ids)
    return ids[-1] if len(ids) == BATCH else None


def refresh_packs() -> int:
    """Count anew a batch of complaints whose running clocks come from an older version of a rule pack; how many.

    A wrong file leaves its clocks as they are: `amends doctor` names it.
    """
    known = usable_packs()
    for problem in known.problems:
        logger.warning("A rule pack is not refreshed: %s", problem)
    old = Q(pk=None)
    for pack in known.packs.values():
        if pack.key not in known.wrong:
            old |= Q(pack=pack.key) & ~Q(pack_version=pack.version)
    stale = Clock.objects.filter(old, stopped_at=None, event="received", complaint__phase__in=OPEN_PHASES)
    ids = sorted(set(stale.order_by("complaint_id").values_list("complaint_id", flat=True)[:BATCH]))
    _recompute_each(ids)
    return len(ids)


def _recompute_each(ids: Iterable[int]) -> None:
    """Each in a transaction of its own: one that fails is named and does not hold up the others."""
    for complaint_id in ids:
        try:
            recompute(actor=SYSTEM, complaint_id=complaint_id)
        except Exception:  # whatever is wrong with one complaint, the dates of the others have to be right
            logger.exception("The clocks of complaint %s could not be counted anew.", complaint_id)
