"""The words of a rule pack: names, texts, sources, spans and conditions. Pure; `rulepack` puts them together."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ClockName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}(/[a-z0-9_]{1,40})?$")]
PackKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=500)]
ContextValue = bool | str | int | float
RECEIVED = "received"
"""The start event of an ordinary clock: the complaint reached the organisation."""


class Strict(BaseModel):
    """Unknown words are refused: a misspelt `warm_before` must not become a clock that never warns."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Certainty(StrEnum):
    """Whether the figure was read in the rule's own text, or still has to be."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


class Unit(StrEnum):
    """What a clock is counted in."""

    MINUTES = "minutes"
    WORKING_MINUTES = "working_minutes"
    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    WEEKS = "weeks"
    MONTHS = "months"


RUNNING_TIME = (Unit.MINUTES, Unit.WORKING_MINUTES)


class End(StrEnum):
    """What moment the counted span ends at."""

    INSTANT = "instant"
    END_OF_DAY = "end_of_day"
    CLOSE_OF_BUSINESS = "close_of_business"


class Missed(StrEnum):
    """What it means when the time is over: we broke it, or a possibility has lapsed."""

    BREACH = "breach"
    LAPSE = "lapse"


class Words(Strict):
    """A text for people in the languages that the product speaks."""

    en: Text
    de: Text

    @property
    def by_language(self) -> dict[str, str]:
        """The texts by language code."""
        return {"en": self.en, "de": self.de}


def _written_date(written: object) -> object:
    """YAML turns 2026-06-01 into a date and 2026 into a number; both are meant as they were written."""
    return written.isoformat() if isinstance(written, date) else str(written)


class Source(Strict):
    """Where a figure was read. `date` is that of the version read, as exact as it is known: 2021 or 2026-06-01."""

    document: Text
    paragraph: str = Field(default="", max_length=100)
    date: Annotated[str, BeforeValidator(_written_date), Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    url: str | None = Field(default=None, pattern=r"^https://\S{1,300}$")

    @property
    def citation(self) -> str:
        """One line: document, paragraph, date and, when there is one, the address."""
        place = f"{self.document}, {self.paragraph}" if self.paragraph else self.document
        address = f", {self.url}" if self.url else ""
        return f"{place} ({self.date}){address}"


class Duration(Strict):
    """Exactly one unit with its number, such as `working_days: 5`."""

    minutes: int | None = Field(default=None, ge=1, le=1_000_000)
    working_minutes: int | None = Field(default=None, ge=1, le=100_000)
    working_days: int | None = Field(default=None, ge=1, le=1_000)
    calendar_days: int | None = Field(default=None, ge=1, le=10_000)
    weeks: int | None = Field(default=None, ge=1, le=1_000)
    months: int | None = Field(default=None, ge=1, le=240)

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if len(self._given) != 1:
            raise ValueError(f"name exactly one of {', '.join(unit.value for unit in Unit)}")
        return self

    @property
    def unit(self) -> Unit:
        return self._given[0][0]

    @property
    def count(self) -> int:
        return self._given[0][1]

    @cached_property
    def _given(self) -> list[tuple[Unit, int]]:
        return [(unit, getattr(self, unit.value)) for unit in Unit if getattr(self, unit.value) is not None]


class Condition(Strict):
    """When a clock runs, judged on the context that comes with a complaint.

    `all`: every name must have (one of) the given value(s). `none`: no name may. `true` stands for any value that is
    there and not false, `false` for one that is missing, so a flag need not be sent to be absent.
    """

    all: Mapping[Name, ContextValue | list[ContextValue]] = Field(default_factory=dict)
    none: Mapping[Name, ContextValue | list[ContextValue]] = Field(default_factory=dict)

    def holds(self, context: Mapping[str, object]) -> bool:
        return all(_matches(context.get(name), wanted) for name, wanted in self.all.items()) and not any(
            _matches(context.get(name), wanted) for name, wanted in self.none.items()
        )


def _matches(found: object, wanted: ContextValue | list[ContextValue]) -> bool:
    if isinstance(wanted, list):
        return any(_matches(found, one) for one in wanted)
    if isinstance(wanted, bool):
        return bool(found) is wanted
    return found == wanted
