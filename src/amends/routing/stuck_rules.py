"""When a case counts as stuck: thresholds as data, the decision from values alone (PURE but for reading)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from amends.core.tomlplace import read_as

BUILT_IN = Path(__file__).parent / "stuck.toml"
OLD, WAITS_FOR_US, WAITS_FOR_CUSTOMER, BOUNCES = "old", "waits_for_us", "waits_for_customer", "bounces"


class StuckRulesError(ValueError):
    """The file cannot be used; the message says where and why."""


class Thresholds(BaseModel):
    """From when on a case is stuck; 0 never."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    open_days: Annotated[int, Field(ge=0, le=3650)]
    waiting_for_us_hours: Annotated[int, Field(ge=0, le=87600)]
    waiting_for_customer_days: Annotated[int, Field(ge=0, le=3650)]
    hand_overs: Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, slots=True)
class Standing:
    """How an open case stands. `hand_overs` counts changes from one owner or team to another."""

    received_at: datetime
    last_activity_at: datetime
    waiting_for_us_since: datetime | None
    hand_overs: int


@lru_cache(maxsize=4)
def read_thresholds(path: Path = BUILT_IN) -> Thresholds:
    """The thresholds in a file.

    Raises:
        StuckRulesError: with the file, the place and the reason.
    """
    return read_as(path, Thresholds, StuckRulesError)


def why_stuck(case: Standing, limits: Thresholds, now: datetime) -> tuple[str, ...]:
    """The reasons for which a case is stuck, or none."""
    since = case.waiting_for_us_since
    reasons = (
        (OLD, limits.open_days and now - case.received_at >= timedelta(days=limits.open_days)),
        (
            WAITS_FOR_US,
            limits.waiting_for_us_hours and since and now - since >= timedelta(hours=limits.waiting_for_us_hours),
        ),
        (
            WAITS_FOR_CUSTOMER,
            limits.waiting_for_customer_days
            and since is None
            and now - case.last_activity_at >= timedelta(days=limits.waiting_for_customer_days),
        ),
        (BOUNCES, limits.hand_overs and case.hand_overs >= limits.hand_overs),
    )
    return tuple(reason for reason, holds in reasons if holds)
