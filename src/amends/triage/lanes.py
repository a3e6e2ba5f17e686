"""Which lane a message belongs in: complaint, concern put right at once, something else, or for a person to decide. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from amends.triage.lexicon import LANGUAGES


class LaneName(StrEnum):
    """The lanes. Only a person puts a message into `concern`: what was done about it has to be said."""

    COMPLAINT = "complaint"
    CONCERN = "concern"
    OTHER = "other"
    TO_DECIDE = "to_decide"


SORTED_CHANNELS = frozenset({"email", "chat", "review"})
"""Where all kinds of messages come in. Whoever used the complaint form, rang to complain or came over the API did so on
purpose: those are never put aside without a person."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lane depends on. `low` and `high` are the thresholds that the model was published with."""

    label: str
    probability: float
    language: str
    channel: str
    delicate: bool
    low: float
    high: float


def lane_of(facts: Facts) -> LaneName:
    """The first that holds.

    Danger, law and press are complaints or for a person, never put aside. A language without word lists is for a person.
    A mild one is for a person too: it can be put right at once.
    """
    if facts.language not in LANGUAGES:
        return LaneName.TO_DECIDE
    if facts.probability >= facts.high:
        return LaneName.TO_DECIDE if facts.label == "concern" else LaneName.COMPLAINT
    sorted_out = facts.probability < facts.low and facts.channel in SORTED_CHANNELS and not facts.delicate
    return LaneName.OTHER if sorted_out else LaneName.TO_DECIDE


LABEL_OF = {LaneName.COMPLAINT: "complaint", LaneName.CONCERN: "concern", LaneName.OTHER: "other"}
"""The label that a decision for a lane gives the complaint."""
