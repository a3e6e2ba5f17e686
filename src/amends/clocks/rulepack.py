"""What a rule pack may say: the schema of the files in `packs/` and of an organisation's own packs.

Pure. A pack is data with a version, a source for every figure and its own examples; the engine knows no
regime by name. Reading a file, with line numbers for what is wrong, is in `packfile`.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from amends.clocks.calendar import END_OF_DAY, CalendarError, Slot, Week, checked_week
from amends.clocks.obligations import FactRule, Letter, Retention, Scope
from amends.clocks.public_holidays import UnknownPlaceError, checked_place
from amends.clocks.rulewords import (
    RECEIVED,
    RUNNING_TIME,
    Certainty,
    ClockName,
    Condition,
    ContextValue,
    Duration,
    End,
    Missed,
    Name,
    PackKey,
    Source,
    Strict,
    Text,
    Unit,
    Words,
)
from amends.clocks.zones import UnknownZoneError, zone_named

SLOT = re.compile(r"(?P<start>(?:[01]\d|2[0-3]):[0-5]\d)-(?P<end>(?:[01]\d|2[0-3]):[0-5]\d|24:00)")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ClockRule(Strict):
    """One clock of a regime.

    `counts_from` names a date in the context that is day 0 instead of the date of the start event, such as the day of
    the acknowledgement; without it in the context the clock does not run. `warn_at` are percentages of the time between
    start and end; `pauses` the reasons for which it may stand still (none for most regimes, which know no stop-clock).
    """

    kind: Name
    title: Words
    part: str = Field(default="", pattern=r"^[a-z0-9_]{0,40}$")
    start: tuple[Name, ...] = (RECEIVED,)
    counts_from: Name | None = None
    duration: Duration
    end: End
    missed: Missed = Missed.BREACH
    warn_before: tuple[Duration, ...] = ()
    warn_at: tuple[Annotated[int, Field(ge=1, le=99)], ...] = ()
    pauses: tuple[Name, ...] = ()
    stops: tuple[Name, ...] = ()
    when: Condition = Condition()
    starts_from: date | None = None
    starts_until: date | None = None
    source: Source
    certainty: Certainty

    @property
    def name(self) -> str:
        """The kind, or `kind/part` for a clock of one part of a complaint."""
        return f"{self.kind}/{self.part}" if self.part else self.kind

    @model_validator(mode="after")
    def _end_fits_unit(self) -> Self:
        runs = self.duration.unit in RUNNING_TIME
        if runs != (self.end is End.INSTANT):
            raise ValueError("minutes end at an instant; days, weeks and months at end_of_day or close_of_business")
        if not self.start:
            raise ValueError("name at least one start event")
        allowed = (Unit.MINUTES,) if runs else (Unit.MINUTES, Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)
        for span in self.warn_before:
            if span.unit not in allowed:
                raise ValueError(f"warn_before of this clock counts in {' or '.join(allowed)}")
        return self


def _slots_of(written: object) -> object:
    """["09:00-12:30", "13:00-17:00"] → slots; anything else is left for pydantic to refuse."""
    if not isinstance(written, (list, tuple)):
        return written
    return tuple(_slot(one) for one in written)


def _slot(written: object) -> object:
    if not isinstance(written, str):
        return written
    found = SLOT.fullmatch(written)
    if found is None:
        raise ValueError(f"{written[:40]!r} is no slot: write it like 09:00-17:00")
    closes = END_OF_DAY if found["end"] == "24:00" else time.fromisoformat(found["end"])
    return Slot(time.fromisoformat(found["start"]), closes)


Slots = Annotated[tuple[Slot, ...], BeforeValidator(_slots_of)]


class Closure(Strict):
    """Days on which the organisation does not work, both included."""

    first: date
    last: date
    name: Text

    @model_validator(mode="after")
    def _not_endless(self) -> Self:
        if not timedelta() <= self.last - self.first <= timedelta(days=366):
            raise ValueError("a closure ends on or after its first day and lasts at most a year")
        return self


def _known_zone(name: str) -> str:
    try:
        return zone_named(name).key
    except UnknownZoneError as unknown:
        raise ValueError(str(unknown)) from None


class CalendarRule(Strict):
    """The calendar of a regime, and what is taken when a complaint does not say.

    `countries` are those whose calendar may count; for a complaint from elsewhere the first one does. An
    empty list takes the complaint's own country. `parts` says whether regional holidays count: `counted`
    those of the part that the complaint names, `ignored` none, an ISO 3166-2 suffix such as ENG always those
    of that part. `own_closures` lets the closed days of the unit count as well: for the organisation's own
    promises, for no regulator.
    """

    timezone: Annotated[str, AfterValidator(_known_zone)]
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    parts: Annotated[str, Field(pattern=r"^(counted|ignored|[A-Z0-9]{1,3})$")] = "counted"
    slots: Mapping[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Slots]
    closures: tuple[Closure, ...] = ()
    own_closures: bool = False

    @model_validator(mode="after")
    def _can_be_counted_on(self) -> Self:
        try:
            checked_week(self._written_week)
            for country in self.countries:
                checked_place(country, self.own_part)
        except (CalendarError, UnknownPlaceError) as wrong:
            raise ValueError(str(wrong)) from None
        return self

    @property
    def own_part(self) -> str | None:
        """The part of the country whose calendar always counts, if the regime names one."""
        return None if self.parts in ("counted", "ignored") else self.parts

    @property
    def _written_week(self) -> Week:
        return tuple(self.slots.get(day, ()) for day in DAYS)  # type: ignore[call-overload]  # DAYS are the keys

    @cached_property
    def week(self) -> Week:
        return checked_week(self._written_week)

    @cached_property
    def closed_days(self) -> Mapping[date, str]:
        return {
            closure.first + timedelta(days=number): closure.name
            for closure in self.closures
            for number in range((closure.last - closure.first).days + 1)
        }


class Example(Strict):
    """A worked case that the pack must reproduce; every clock that starts is listed, and no other.

    `due` names a clock by its kind, or `kind/part`; its value is a local date, or an instant with its offset for a
    clock in running time.
    """

    says: Text
    received: datetime
    timezone: str
    country: str | None = None
    subdivision: str | None = None
    context: Mapping[str, ContextValue] = Field(default_factory=dict)
    due: Mapping[ClockName, datetime | date]


def _start_together(one: ClockRule, other: ClockRule) -> bool:
    """Whether two rules of the same name always start at the same time: nothing in them tells one case from another."""
    same = (one.name, one.when, one.counts_from) == (other.name, other.when, other.counts_from)
    first, last = (
        max(one.starts_from or date.min, other.starts_from or date.min),
        min(one.starts_until or date.max, other.starts_until or date.max),
    )
    return same and first <= last and bool(set(one.start) & set(other.start))


def _each_starts_once(clocks: tuple[ClockRule, ...]) -> tuple[ClockRule, ...]:
    for number, rule in enumerate(clocks):
        if any(_start_together(rule, other) for other in clocks[:number]):
            raise ValueError(f"the clock {rule.name!r} would start twice: give one of the two a condition of its own")
    return clocks


class RulePack(Strict):
    """One regime, or an organisation's own rules, in one version."""

    key: PackKey
    version: date
    title: Words
    regime: Text
    scope: Words
    applies_to: Scope = Scope()
    calendar: CalendarRule
    facts: Mapping[Name, FactRule] = Field(default_factory=dict)
    letters: tuple[Letter, ...] = ()
    retention: Retention | None = None
    required_fields: tuple[Name, ...] = ()
    clocks: Annotated[tuple[ClockRule, ...], Field(min_length=1, max_length=100), AfterValidator(_each_starts_once)]
    examples: Annotated[tuple[Example, ...], Field(min_length=1)]

    @property
    def label(self) -> str:
        """How a pack is named where a date is explained: "uk-fca-disp 2026-06-01"."""
        return f"{self.key} {self.version.isoformat()}"

    @cached_property
    def facts_used(self) -> frozenset[str]:
        """The names in a context on which the conditions of this pack depend."""
        named = (name for rule in self.clocks for part in (rule.when.all, rule.when.none) for name in part)
        return frozenset(named) | {rule.counts_from for rule in self.clocks if rule.counts_from}

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The parts of a mixed complaint that have clocks of their own, in the order of the file."""
        return tuple(dict.fromkeys(rule.part for rule in self.clocks if rule.part))

    @model_validator(mode="after")
    def _facts_are_used(self) -> Self:
        unused = sorted(self.facts.keys() - self.facts_used)
        if unused:
            raise ValueError(f"no clock asks for the fact {unused[0]!r}: take it out, or name it in a condition")
        return self
