"""When a case goes up: rules as data that an administrator can read, refused with file and reason, and a pure decision."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

BUILT_IN = Path(__file__).parent / "criteria.toml"
Action = Literal["alert", "escalate", "propose"]
On = Literal[
    "clock",
    "sentiment_falling",
    "contacts",
    "repeat_complaint",
    "value_above",
    "safety",
    "media",
    "words",
    "troubleshooting_failed",
]
NEEDS: dict[str, str] = {
    "clock": "percent",
    "sentiment_falling": "by",
    "contacts": "times",
    "repeat_complaint": "days",
    "value_above": "amount",
    "words": "words",
}
"""The word that a kind of rule cannot do without."""


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
        texts: the customer's own words.
    """

    clock_percent: int | None = None
    moods: tuple[float, ...] = ()
    contacts: int = 0
    days_since_last: int | None = None
    value: Decimal | None = None
    safety: bool = False
    media: bool = False
    troubleshooting_failed: bool = False
    texts: tuple[str, ...] = ()


class Criterion(Strict):
    """One rule."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    on: On
    action: Action
    percent: Literal[75, 90, 100] | None = None
    by: Annotated[float, Field(gt=0, le=2)] | None = None
    times: Annotated[int, Field(ge=2, le=50)] | None = None
    days: Annotated[int, Field(ge=1, le=3650)] | None = None
    amount: Annotated[Decimal, Field(gt=0)] | None = None
    words: str | None = None

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
        when = {
            "clock": _("%(n)s %% of a deadline is over"),
            "sentiment_falling": _("the customer's mood falls by %(n)s or more between messages"),
            "contacts": _("the customer writes %(n)s times without an answer of substance"),
            "repeat_complaint": _("the same customer complained before within %(n)s days"),
            "value_above": _("it is about more than %(n)s"),
            "safety": _("somebody was hurt or may be"),
            "media": _("lawyers, regulators or the press are involved"),
            "words": _("the customer asks for somebody above (%(n)s)"),
            "troubleshooting_failed": _("nothing that was tried helped"),
        }[self.on]
        then = {
            "alert": _("the people in charge are alerted"),
            "escalate": _("the case is offered to the next team above"),
            "propose": _("the owner is asked whether to escalate"),
        }[self.action]
        number = getattr(self, NEEDS[self.on]) if self.on in NEEDS else ""
        return _("When %(when)s, %(then)s.") % {"when": when % {"n": number}, "then": then}


class Criteria(Strict):
    """The whole file."""

    version: str
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

    def matching(self, facts: Facts) -> list[Criterion]:
        """Every rule that holds (PURE)."""
        return [one for one in self.rule if self.holds(one, facts)]

    def holds(self, one: Criterion, facts: Facts) -> bool:
        """Whether a rule holds of these facts (PURE)."""
        if one.on == "clock":
            return facts.clock_percent is not None and facts.clock_percent >= (one.percent or 0)
        if one.on == "sentiment_falling":
            return len(facts.moods) > 1 and max(facts.moods[:-1]) - facts.moods[-1] >= (one.by or 0)
        if one.on == "contacts":
            return facts.contacts >= (one.times or 0)
        if one.on == "repeat_complaint":
            return facts.days_since_last is not None and facts.days_since_last <= (one.days or 0)
        if one.on == "value_above":
            return facts.value is not None and facts.value > (one.amount or 0)
        if one.on == "words":
            return any(self._finds(one.words or "", text) for text in facts.texts)
        return bool(getattr(facts, one.on))

    def _finds(self, name: str, text: str) -> bool:
        wanted = [re.escape(words) for listed in self.words[name].values() for words in listed]
        return re.search(rf"(?<!\w)(?:{'|'.join(wanted)})(?!\w)", " ".join(text.lower().split())) is not None


@lru_cache(maxsize=8)
def read_criteria(path: Path = BUILT_IN) -> Criteria:
    """The criteria in a file.

    Raises:
        CriteriaError: with the file, the place and the reason.
    """
    try:
        return Criteria.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CriteriaError(f"{path}: the file cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CriteriaError(f"{path}: {error}") from None
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_context=False, include_input=False)[0]
        raise CriteriaError(f"{path}: {'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}") from None
