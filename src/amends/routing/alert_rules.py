"""Who must know of what: rules as data, read once, refused with file and reason when they are wrong. Pure but for reading."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from amends.core.tomlplace import read_as

BUILT_IN = Path(__file__).parent / "alert_rules.toml"
Who = Literal["owner", "team", "unit_lead", "leads", "directors", "administrators"]


class AlertRulesError(ValueError):
    """The file cannot be used; the message says where and why."""


class Strict(BaseModel):
    """Unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Conditions(Strict):
    """What must hold of a case; what is not said does not matter."""

    severity_from: Annotated[int, Field(ge=1, le=4)] | None = None
    safety: bool | None = None
    legal_or_media: bool | None = None
    vulnerable: bool | None = None
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class CaseFacts(Strict):
    """What the rules look at."""

    severity: int
    safety: bool
    legal_or_media: bool
    vulnerable: bool
    channel: str
    category: str


class AlertRule(Strict):
    """One rule, with a sentence that says it to an administrator."""

    says: Annotated[str, Field(min_length=3, max_length=200)]
    event: Literal["new_case", "clock_breached"]
    when: Conditions = Conditions()
    levels: Annotated[tuple[tuple[Who, ...], ...], Field(min_length=1, max_length=6)]
    minutes: Annotated[int, Field(ge=1, le=1440)] = 15

    def holds(self, facts: CaseFacts) -> bool:
        """Whether every condition holds."""
        when = self.when
        flags = all(
            wanted is None or wanted == getattr(facts, name)
            for name, wanted in (
                ("safety", when.safety),
                ("legal_or_media", when.legal_or_media),
                ("vulnerable", when.vulnerable),
            )
        )
        return (
            flags
            and (when.severity_from is None or facts.severity >= when.severity_from)
            and (not when.channels or facts.channel in when.channels)
            and (not when.categories or facts.category in when.categories)
        )


class AlertRules(Strict):
    """All rules, the first that holds counts."""

    version: str
    rule: tuple[AlertRule, ...]


def choose_rule(rules: AlertRules, event: str, facts: CaseFacts) -> AlertRule | None:
    """The first rule for the event whose conditions hold (PURE)."""
    return next((one for one in rules.rule if one.event == event and one.holds(facts)), None)


@lru_cache(maxsize=8)
def read_rules(path: Path = BUILT_IN) -> AlertRules:
    """The rules in a file.

    Raises:
        AlertRulesError: with the file, the place and the reason.
    """
    return read_as(path, AlertRules, AlertRulesError)
