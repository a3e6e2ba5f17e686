"""The values that triage works with: what a rule says, and what all rules say together.

Pure: no Django, no files, no clock. The meaning of each field is in docs/reference/triage.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

Label = Literal["complaint", "concern", "other"]

LABELS: tuple[str, ...] = ("complaint", "concern", "other")

ASPECTS: tuple[str, ...] = (
    "delivery",
    "goods_quality",
    "service",
    "campaign_terms",
    "price",
    "billing",
    "waiting_time",
    "communication",
    "privacy_data",
    "staff_manner",
    "safety",
    "other",
)
"""The parts of our work that a point can be about; `safety` is for harm told in words of its own."""

PART_JOINER = " … "
"""Stands between the parts of a point whose words are not next to each other in the text."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field has its value: `because` names the rule and quotes the words that led there."""

    field: str
    value: Any
    because: str

    def as_json(self) -> dict[str, Any]:
        """Return `{"field", "value", "because"}`."""
        return {"field": self.field, "value": self.value, "because": self.because}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that went wrong: `words` is an exact substring (or several, joined by PART_JOINER)."""

    words: str
    aspect: str

    def as_json(self) -> dict[str, str]:
        """Return `{"words", "aspect"}`."""
        return {"words": self.words, "aspect": self.aspect}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one rule says about one field. `extra` carries further fields that come with it."""

    field: str
    value: Any
    reasons: tuple[Reason, ...] = ()
    extra: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessment:
    """All judgements on one message. Sentiment is -1..1, severity 1..4, probability 0..1."""

    language: str
    category: str
    severity: int
    sentiment: float
    safety: bool
    vulnerable: bool
    legal_or_media: bool
    label: Label
    probability: float
    points: tuple[Point, ...]
    desired_outcome: str | None
    reasons: tuple[Reason, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the assessment as JSON values, keys in the order of the fields above."""
        return {
            "language": self.language,
            "category": self.category,
            "severity": self.severity,
            "sentiment": self.sentiment,
            "safety": self.safety,
            "vulnerable": self.vulnerable,
            "legal_or_media": self.legal_or_media,
            "label": self.label,
            "probability": self.probability,
            "points": [point.as_json() for point in self.points],
            "desired_outcome": self.desired_outcome,
            "reasons": [reason.as_json() for reason in self.reasons],
        }
