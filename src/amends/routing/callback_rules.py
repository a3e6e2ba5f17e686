"""When to ring an unhappy customer, and when to try again: rules as data and pure decisions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

BUILT_IN = Path(__file__).parent / "callbacks.toml"


class Outcome(StrEnum):
    """How an attempt ended."""

    REACHED = "reached"
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    REFUSED = "refused"


class CallBackRulesError(ValueError):
    """The file cannot be used; the message says where and why."""


class Strict(BaseModel):
    """Unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Unhappy(Strict):
    """Any one of these makes a call."""

    sentiment_below: Annotated[float, Field(ge=-1, le=1)] | None = None
    severity_from: Annotated[int, Field(ge=1, le=4)] | None = None
    channels: tuple[str, ...] = ()

    def holds(self, *, sentiment: float | None, severity: int, channel: str) -> bool:
        """Whether a case is that of an unhappy customer (PURE)."""
        return (
            (self.sentiment_below is not None and sentiment is not None and sentiment < self.sentiment_below)
            or (self.severity_from is not None and severity >= self.severity_from)
            or channel in self.channels
        )


class Waits(Strict):
    """Minutes until the next attempt."""

    no_answer: Annotated[int, Field(ge=5, le=20_160)]
    voicemail: Annotated[int, Field(ge=5, le=20_160)]


class CallBackRules(Strict):
    """The whole file."""

    version: str
    source: str
    first_within_minutes: Annotated[int, Field(ge=5, le=10_080)]
    missed_within_minutes: Annotated[int, Field(ge=5, le=10_080)]
    most_attempts: Annotated[int, Field(ge=1, le=20)]
    overdue_minutes: Annotated[int, Field(ge=1, le=1440)]
    again_after_minutes: Waits
    unhappy: Unhappy
    script: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class BestTime:
    """The hours in which the customer likes to be rung, on their own clock. Without hours any time is good."""

    timezone: str
    earliest: time | None = None
    latest: time | None = None

    def next_from(self, moment: datetime) -> datetime:
        """The first moment from this one on that lies within the hours (PURE)."""
        if self.earliest is None or self.latest is None:
            return moment
        local = moment.astimezone(ZoneInfo(self.timezone))
        if local.time() < self.earliest:
            day = local.date()
        elif local.time() < self.latest:
            return moment
        else:
            day = local.date() + timedelta(days=1)
        start = datetime.combine(day, self.earliest, ZoneInfo(self.timezone))
        return max(start.astimezone(moment.tzinfo), moment)


def next_attempt(
    outcome: Outcome, *, attempts: int, now: datetime, best: BestTime, rules: CallBackRules
) -> datetime | None:
    """When to try again after this outcome; None when there is nothing more to try by phone (PURE).

    Args:
        attempts: how many there were, this one included.
    """
    waits = {
        Outcome.NO_ANSWER: rules.again_after_minutes.no_answer,
        Outcome.VOICEMAIL: rules.again_after_minutes.voicemail,
    }
    if outcome not in waits or attempts >= rules.most_attempts:
        return None
    return best.next_from(now + timedelta(minutes=waits[outcome]))


@lru_cache(maxsize=8)
def read_call_back_rules(path: Path = BUILT_IN) -> CallBackRules:
    """The rules in a file.

    Raises:
        CallBackRulesError: with the file, the place and the reason.
    """
    try:
        return CallBackRules.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CallBackRulesError(f"{path}: the file cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CallBackRulesError(f"{path}: {error}") from None
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_context=False, include_input=False)[0]
        raise CallBackRulesError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
