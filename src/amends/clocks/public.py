"""What other domains may use of clocks."""

from amends.clocks.configured import calendar_problems, pack_problems
from amends.clocks.models import Clock, Closure
from amends.clocks.selectors import Badge, badge_of, badges_for, clock_words, clocks_of
from amends.clocks.services import (
    Start,
    Swept,
    add_closure,
    closures_of,
    recompute,
    remove_closure,
    start_for,
    start_many,
    stop,
    sweep,
)
from amends.clocks.states import State

__all__ = [
    "Badge",
    "Clock",
    "Closure",
    "Start",
    "State",
    "Swept",
    "add_closure",
    "badge_of",
    "badges_for",
    "calendar_problems",
    "clock_words",
    "clocks_of",
    "closures_of",
    "pack_problems",
    "recompute",
    "remove_closure",
    "start_for",
    "start_many",
    "stop",
    "sweep",
]
