"""The verbs around clocks."""

from amends.clocks.services.closures import add_closure, closures_of, remove_closure
from amends.clocks.services.doing import done
from amends.clocks.services.facts import assign_parts, packs_of, state_fact
from amends.clocks.services.refreshing import reckon_unit, refresh_packs
from amends.clocks.services.running import Start, facts_of, recompute, start_for, start_many, stop
from amends.clocks.services.sweeping import Swept, sweep
from amends.clocks.services.telling import note_told

__all__ = [
    "Start",
    "Swept",
    "add_closure",
    "assign_parts",
    "closures_of",
    "done",
    "facts_of",
    "note_told",
    "packs_of",
    "reckon_unit",
    "recompute",
    "refresh_packs",
    "remove_closure",
    "start_for",
    "start_many",
    "state_fact",
    "stop",
    "sweep",
]
