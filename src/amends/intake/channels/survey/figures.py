"""The figures of a survey: how many, how spread, and how sure (PURE)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from amends.intake.channels.survey.kinds import Kind, Mood

Z = 1.96
"""95 of 100 such intervals hold the true value."""


@dataclass(frozen=True, slots=True)
class Row:
    """One score: how many gave it, their share in per cent of all."""

    score: int
    count: int
    share: float
    mood: Mood


@dataclass(frozen=True, slots=True)
class Figures:
    """What a survey says.

    Attributes:
        value: NPS from -100 to 100 for `nps`, else the per cent of happy answers; None without answers.
        low, high: the 95 % interval of `value`.
        mean: of the scores.
    """

    responses: int
    rows: tuple[Row, ...]
    unhappy: int
    happy: int
    value: float | None
    low: float | None
    high: float | None
    mean: float | None


def figures(kind_key: str, kind: Kind, counts: Mapping[int, int], bound: int | None = None) -> Figures:
    """From the number of answers with each score."""
    total = sum(counts.get(score, 0) for score in kind.scores)
    rows = tuple(
        Row(
            score,
            counts.get(score, 0),
            round(100 * counts.get(score, 0) / total, 1) if total else 0.0,
            kind.mood(score, bound),
        )
        for score in kind.scores
    )
    unhappy = sum(row.count for row in rows if row.mood is Mood.UNHAPPY)
    happy = sum(row.count for row in rows if row.mood is Mood.HAPPY)
    if not total:
        return Figures(0, rows, 0, 0, None, None, None, None)
    value, low, high = _nps(happy, unhappy, total) if kind_key == "nps" else _share(happy, total)
    mean = sum(row.score * row.count for row in rows) / total
    return Figures(total, rows, unhappy, happy, value, low, high, round(mean, 2))


def _nps(happy: int, unhappy: int, total: int) -> tuple[float, float, float]:
    """The score with the adjusted Wald interval: three quarters of an answer added to each end, three half in all the
    middle, which keeps the interval honest when answers are few (Rocks 2016, "Interval estimation for the NPS")."""
    value = 100 * (happy - unhappy) / total
    promoters, detractors, answers = happy + 0.75, unhappy + 0.75, total + 3
    centre = (promoters - detractors) / answers
    spread = (promoters + detractors) / answers - centre**2
    margin = Z * sqrt(max(spread, 0.0) / answers)
    return round(value, 1), round(100 * max(-1.0, centre - margin), 1), round(100 * min(1.0, centre + margin), 1)


def _share(happy: int, total: int) -> tuple[float, float, float]:
    """The share of happy answers with Wilson's interval."""
    share = happy / total
    middle = (share + Z**2 / (2 * total)) / (1 + Z**2 / total)
    margin = Z / (1 + Z**2 / total) * sqrt(share * (1 - share) / total + Z**2 / (4 * total**2))
    return round(100 * share, 1), round(100 * max(0.0, middle - margin), 1), round(100 * min(1.0, middle + margin), 1)
