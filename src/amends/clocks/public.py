"""What other domains may use of clocks."""

from amends.clocks.configured import pack_problems
from amends.clocks.models import Clock
from amends.clocks.selectors import Badge, badge_of, badges_for, clock_words, clocks_of
from amends.clocks.services import Start, Swept, recompute, start_for, start_many, stop, sweep
from amends.clocks.states import State

__all__ = [
    "Badge",
    "Clock",
    "Start",
    "State",
    "Swept",
    "badge_of",
    "badges_for",
    "clock_words",
    "clocks_of",
    "pack_problems",
    "recompute",
    "start_for",
    "start_many",
    "stop",
    "sweep",
]
