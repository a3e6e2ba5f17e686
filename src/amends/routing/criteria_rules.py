"""When a case goes up: rules as data that an administrator can read, refused with file and reason, and a pure decision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, model_validator

from amends.cases.public import ListKind
from amends.core.tomlplace import read_as

BUILT_IN = Path(__file__).parent / "criteria.toml"
Action = Literal["alert", "escalate", "propose", "letter"]
On = Literal[
    "clock",
    "sentiment_falling",
    "contacts",
    "repeat_complaint",
    "value_above",
    "severity",
    "safety",
    "death",
    "media",
    "reach_above",
    "words",
    "troubleshooting_failed",
    "listed",
]
NEEDS: dict[str, str] = {
    "clock": "percent",
    "sentiment_falling": "by",
    "contacts": "times",
    "repeat_complaint": "days",
    "value_above": "amount",
    "severity": "level",
    "reach_above": "people",
    "words": "words",
    "troubleshooting_failed": "times",
    "listed": "kinds",
}
"""The word that a kind of rule cannot do without."""
DID_NOT_HELP = "did_not_help"
"""The list of words by which a customer says that what we proposed did not help."""


class CriteriaError(ValueError):
    """The file cannot be used; the message says where and why."""


class Strict(BaseModel):
    """Unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a case at a moment.

    Attributes:
        clock_percent: how much of its tightest running clock is over, 0 to 100 and beyond; None without a clock.
        moods: the sentiment of the customer's messages, oldest first, -1 to 1.
        contacts: how often the customer has written since our last answer of substance.
        days_since_last: days since the same customer's complaint before this one; None when there is none.
        value: what the case is about in money; None when not known.
        reach: how many people the customer says something to in public; None when not known.
        failed_tries: how often something was tried that did not help.
        listed: the kinds of the lists with special handling that it is on.
        texts: the customer's own words.
        after_answer: those they wrote after somebody of us answered.
        fired: the keys of the rules that have done their part for it already.
    """

    clock_percent: int | None = None
    moods: tuple[float, ...] = ()
    contacts: int = 0
    days_since_last: int | None = None
    value: Decimal | None = None
    severity: int = 1
    safety: bool = False
    death: bool = False
    media: bool = False
    reach: int | None = None
    failed_tries: int = 0
    listed: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    after_answer: tuple[str, ...] = ()
    fired: frozenset[str] = frozenset()


class Criterion(Strict):
    """One rule."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    on: On
    action: Action
    percent: Annotated[int, Field(ge=50, le=1000)] | None = None
    by: Annotated[float, Field(gt=0, le=2)] | None = None
    times: Annotated[int, Field(ge=1, le=50)] | None = None
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    amount: Annotated[Decimal, Field(gt=0)] | None = None
    level: Annotated[int, Field(ge=1, le=4)] | None = None
    people: Annotated[int, Field(ge=1)] | None = None
    words: str | None = None
    kinds: Annotated[tuple[ListKind, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _has_its_word(self) -> Criterion:
        given = {name for name in NEEDS.values() if getattr(self, name) is not None}
        needed = {NEEDS[self.on]} if self.on in NEEDS else set()
        if given != needed:
            raise ValueError(
                f"rule {self.key!r} on {self.on!r} takes {' and '.join(sorted(needed)) or 'no further word'},"
                f" not {', '.join(sorted(given)) or 'nothing'}"
            )
        return self

    def sentence(self) -> str:
        """The rule as a sentence in the language of the page."""
        given = getattr(self, NEEDS[self.on]) if self.on in NEEDS else ""
        if self.kinds:
            given = ", ".join(str(one.label) for one in self.kinds)
        return _("When %(when)s, %(then)s.") % {"when": _when(self.on) % {"n": given}, "then": _then(self.action)}


def _when(on: str) -> str:
    return {
        "clock": _("%(n)s %% of a deadline is over"),
        "sentiment_falling": _("the customer's mood falls by %(n)s or more between messages"),
        "contacts": _("the customer writes %(n)s times without an answer of substance"),
        "repeat_complaint": _("the same customer complained before within %(n)s days"),
        "value_above": _("it is about more than %(n)s"),
        "severity": _("its severity is %(n)s or higher"),
        "safety": _("somebody was hurt or may be"),
        "death": _("somebody has died"),
        "media": _("lawyers, regulators or the press are involved"),
        "reach_above": _("more than %(n)s people hear what the customer says in public"),
        "words": _("the customer asks for somebody above (%(n)s)"),
        "troubleshooting_failed": _("what was tried did not help, at least %(n)s times"),
        "listed": _("it is on a list with special handling (%(n)s)"),
    }[on]


def _then(action: str) -> str:
    return {
        "alert": _("the people in charge are alerted"),
        "escalate": _("the case is offered to the next team above"),
        "propose": _("the owner is asked whether to escalate"),
        "letter": _("a letter from somebody at the top is proposed"),
    }[action]


class Criteria(Strict):
    """The whole file."""

    version: Annotated[str, Field(min_length=1, max_length=20)]
    valid_from: date
    source: str
    handoff_minutes: Annotated[tuple[Annotated[int, Field(ge=1, le=10_080)], ...], Field(min_length=4, max_length=4)]
    rule: tuple[Criterion, ...]
    words: dict[str, dict[str, tuple[Annotated[str, Field(min_length=2)], ...]]]

    @model_validator(mode="after")
    def _fits_together(self) -> Criteria:
        keys = [one.key for one in self.rule]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"the key {twice[0]!r} stands twice")
        unknown = sorted({one.words for one in self.rule if one.words} - set(self.words))
        if unknown:
            raise ValueError(f"there is no list of words {unknown[0]!r}")
        return self

    def percents(self) -> dict[str, int]:
        """Key → percent of the rules that look at clocks."""
        return {one.key: one.percent for one in self.rule if one.percent is not None}

    def matching(self, facts: Facts) -> list[Criterion]:
        """Every rule that holds and has not done its part yet (PURE)."""
        return [one for one in self.rule if one.key not in facts.fired and self.holds(one, facts)]

    def holds(self, one: Criterion, facts: Facts) -> bool:
        """Whether a rule holds of these facts (PURE)."""
        if one.on == "words":
            return any(self._finds(one.words or "", text) for text in facts.texts)
        if one.on == "listed":
            return any(kind.value in facts.listed for kind in one.kinds or ())
        if one.on == "sentiment_falling":
            return len(facts.moods) > 1 and max(facts.moods[:-1]) - facts.moods[-1] >= (one.by or 0)
        if one.on == "repeat_complaint":
            return facts.days_since_last is not None and facts.days_since_last <= (one.days or 0)
        above = {
            "value_above": (facts.value, one.amount),
            "reach_above": (facts.reach, one.people),
        }.get(one.on)
        if above is not None:
            return above[0] is not None and above[0] > (above[1] or 0)
        reached = {
            "clock": (facts.clock_percent, one.percent),
            "contacts": (facts.contacts, one.times),
            "severity": (facts.severity, one.level),
            "troubleshooting_failed": (self._failures(facts), one.times),
        }.get(one.on)
        if reached is not None:
            return reached[0] is not None and reached[0] >= (reached[1] or 0)
        return bool(getattr(facts, one.on))

    def _failures(self, facts: Facts) -> int:
        """What colleagues noted, or what the customer wrote about our answers: the same failure is often in both."""
        said = sum(self._finds(DID_NOT_HELP, text) for text in facts.after_answer)
        return max(facts.failed_tries, said)

    def _finds(self, name: str, text: str) -> bool:
        found = self.patterns.get(name)
        return found is not None and found.search(" ".join(text.lower().split())) is not None

    @cached_property
    def patterns(self) -> dict[str, re.Pattern[str]]:
        """Name of a list → what finds one of its words as whole words; without the lists that are empty."""
        listed = {name: [re.escape(one) for each in many.values() for one in each] for name, many in self.words.items()}
        return {name: re.compile(rf"(?<!\w)(?:{'|'.join(any_of)})(?!\w)") for name, any_of in listed.items() if any_of}


def read_criteria(path: Path = BUILT_IN) -> Criteria:
    """The criteria in a file; read again when it changed.

    Raises:
        CriteriaError: with the file, the line and the reason.
    """
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise CriteriaError(f"{path}: the file cannot be read ({error.strerror})") from None


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Criteria:
    return read_as(path, Criteria, CriteriaError)
