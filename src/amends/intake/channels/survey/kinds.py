"""What a score means (PURE; the scales and thresholds are data in kinds.toml)."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

KINDS_FILE = Path(__file__).parent / "kinds.toml"


class Mood(StrEnum):
    """What an answer says about the customer."""

    HAPPY = "happy"
    NEUTRAL = "neutral"
    UNHAPPY = "unhappy"


class Bound(BaseModel):
    """One end of a scale: the scores up to a number, or from one on."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    up_to: int | None = None
    from_: int | None = Field(None, alias="from")

    @model_validator(mode="after")
    def _one_end(self) -> Bound:
        if (self.up_to is None) == (self.from_ is None):
            raise ValueError("give one of up_to and from")
        return self

    def holds(self, score: int) -> bool:
        """Whether the score is at this end."""
        return score <= self.up_to if self.up_to is not None else score >= (self.from_ or 0)


class Kind(BaseModel):
    """One kind of question: its scale, and which scores are unhappy and happy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: int
    high: int
    unhappy: Bound
    happy: Bound

    @property
    def scores(self) -> range:
        """Every score there is."""
        return range(self.low, self.high + 1)

    @property
    def scale(self) -> str:
        """The scale in a word: `0-10`."""
        return f"{self.low}-{self.high}"

    def mood(self, score: int, bound: int | None = None) -> Mood:
        """What a score says; `bound` replaces the number of the unhappy end."""
        ends = {"up_to": bound} if self.unhappy.up_to is not None else {"from_": bound}
        unhappy = self.unhappy if bound is None else Bound(**ends)
        if unhappy.holds(score):
            return Mood.UNHAPPY
        return Mood.HAPPY if self.happy.holds(score) else Mood.NEUTRAL


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its key: nps, satisfaction, effort."""
    data = tomllib.loads(KINDS_FILE.read_text(encoding="utf-8"))
    return {key: Kind.model_validate(value) for key, value in data.items() if isinstance(value, dict)}


def score_of(text: str, kind: Kind) -> int | None:
    """The score somebody sent, or None when it is none of this scale. `9.0` is 9, `4.5` is none."""
    digits = text.strip().removesuffix(".0")
    return next((one for one in kind.scores if str(one) == digits), None)
