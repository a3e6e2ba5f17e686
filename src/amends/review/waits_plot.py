"""Where the points of the plot of first answers stand (PURE): days along the bottom, seconds on a logarithmic scale up.

Positions across are percentages, so that the letters beside them keep their size on every screen; heights are pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, log10

HEIGHT = 220
SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400
TICKS = (SECOND, 10 * SECOND, MINUTE, 5 * MINUTE, HOUR, DAY, 7 * DAY)
MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class DayPoint:
    """One day: `x` in percent, median and 95th percentile as pixels from the top."""

    day: date
    x: str
    median_y: int
    p95_y: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across at so many seconds."""

    seconds: int
    y: int


@dataclass(frozen=True, slots=True)
class DayLabel:
    """A date under the plot."""

    day: date
    x: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything the drawing needs."""

    points: tuple[DayPoint, ...]
    ticks: tuple[Tick, ...]
    labels: tuple[DayLabel, ...]
    goal_y: int
    height: int = HEIGHT


def plot(days: Iterable[tuple[date, float, float]], *, goal: int, first: date, last: date) -> Plot:
    """The plot of `(day, median, p95)` in seconds between two days; the scale holds the goal and the slowest day."""
    given = sorted(days)
    slowest = max([goal, *(p95 for _day, _median, p95 in given)])
    top = next((tick for tick in TICKS if tick > slowest), ceil(slowest))

    def y(seconds: float) -> int:
        share = log10(max(seconds, SECOND)) / log10(top)
        return round(HEIGHT * (1 - min(share, 1)))

    span = max((last - first).days, 1)

    def x(day: date) -> str:
        return f"{100 * (day - first).days / span:.2f}%"

    step = max(1, ceil((span + 1) / MOST_LABELS))
    labels = [first + timedelta(days=number) for number in range(0, span + 1, step)]
    return Plot(
        points=tuple(DayPoint(day, x(day), y(median), y(p95)) for day, median, p95 in given),
        ticks=tuple(Tick(seconds, y(seconds)) for seconds in TICKS if seconds <= top),
        labels=tuple(DayLabel(day, x(day)) for day in labels),
        goal_y=y(goal),
    )
