"""What first letters say of regimes: under which rule packs a case runs, and until when its final response is due."""

from __future__ import annotations

from amends.accounts.public import unit_settings
from amends.cases.public import Complaint
from amends.clocks.configured import configured_packs
from amends.clocks.models import Clock
from amends.voice.public import RegimeDue, RegimeSource, regime_sources

FINAL = ("final_response", "stage1_response")
"""Kinds of clock that end with the answer a customer waits for first."""


def regime_keys(complaint: Complaint) -> tuple[str, ...]:
    """The rule packs of the case's unit."""
    return tuple(unit_settings(complaint.unit_id).rule_packs)


def deadline_to_name(complaint: Complaint, language: str) -> RegimeDue | None:
    """The earliest running deadline for the final response under a pack that asks for an acknowledgement (1 query)."""
    asking = {
        pack.key: pack
        for pack in configured_packs(regime_keys(complaint))
        if any(one.letter == "acknowledgement" for one in pack.letters)
    }
    running = Clock.objects.filter(complaint=complaint, pack__in=asking, kind__in=FINAL, stopped_at=None)
    first = running.order_by("due_at", "id").first() if asking else None
    if first is None:
        return None
    title = asking[first.pack].title
    return RegimeDue(title.de if language == "de" else title.en, first.due_at, first.zone)


regime_sources.register(RegimeSource(key="clocks", keys=regime_keys, due=deadline_to_name))
