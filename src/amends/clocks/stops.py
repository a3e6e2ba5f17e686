"""Which events that end a clock happen in Amends itself, and which only a person can report. Pure."""

from __future__ import annotations

from collections.abc import Iterable

HAPPEN_HERE = frozenset(
    {
        "acknowledged",
        "proposed",
        "final_response_sent",
        "resolved",
        "closed",
        "withdrawn",
        "out_of_jurisdiction",
        "stage2_acknowledged",
        "stage2_response_sent",
    }
)
"""Events that the handlers notice by themselves; every other word in the `stops` of a pack waits for a person."""


def by_hand(stops: Iterable[str]) -> list[str]:
    """Of the events that end a clock, those that only a person can report, in the order of its rule."""
    return [event for event in stops if event not in HAPPEN_HERE]
