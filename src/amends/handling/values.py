"""What is handed to the verbs, checked and cleaned (PURE)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from amends.core.errors import BadInput
from amends.core.text import clean, clean_line
from amends.handling.remedies import checked_amount, remedy_kind

TEXT_LIMIT = 20_000
LINE_LIMIT = 500
ROWS_LIMIT = 20
OPTIONS_LIMIT = 5
_CURRENCY = re.compile(r"^[A-Z]{3}$")
_EARLIEST, _LATEST = date(2000, 1, 1), date(2199, 12, 31)
_CUSTOMER_WORDS = frozenset({"customer", "the customer", "you", "kunde", "kundin", "sie"})


@dataclass(frozen=True, slots=True)
class NewRemedy:
    """One remedy. `option` 0 is given in any case; the same number above 0 makes one of the customer's options.

    `amount` counts what the kind measures: money in `currency` (empty: the unit's), percent, or months.
    """

    kind: str
    amount: Decimal | None = None
    currency: str = ""
    text: str = ""
    option: int = 0


@dataclass(frozen=True, slots=True)
class NewStep:
    """One step. `who` is a name for people to read; `party` says whether it is us, the customer or somebody else.

    `who` may simply be `customer`: then the party is the customer. `due_earliest` may be None ("by" a day).
    """

    what: str
    who: str = ""
    due_earliest: date | None = None
    due_latest: date | None = None
    party: str = ""
    option: int = 0


def checked_text(value: str, field: str, what: str, *, required: bool = False, limit: int = TEXT_LIMIT) -> str:
    """Cleaned text of at most `limit` characters.

    Raises:
        BadInput: it is too long, or empty though required; `what` says what to write.
    """
    value = clean(value).strip()
    if required and not value:
        raise BadInput(what, field=field)
    if len(value) > limit:
        raise BadInput(f"This is longer than {limit:,} characters: make it shorter.", field=field)
    return value


def checked_line(value: str, field: str, what: str, *, required: bool = False, limit: int = LINE_LIMIT) -> str:
    """The same for a text of one line."""
    return checked_text(clean_line(value), field, what, required=required, limit=limit)


def checked_date(value: date | None, field: str, timezone: str) -> date | None:
    """A day of this or the next century; a moment becomes its day in this zone.

    Raises:
        BadInput: it lies outside of what a promise can be about.
    """
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(timezone)).date() if value.tzinfo else value.date()
    if value is not None and not _EARLIEST <= value <= _LATEST:
        raise BadInput("Choose a date between 2000 and 2199.", field=field)
    return value


def checked_remedies(remedies: Sequence[NewRemedy], currency: str) -> list[NewRemedy]:
    """The remedies as they are stored.

    Raises:
        BadInput: there is none, too many, or one is wrong.
    """
    if not remedies:
        raise BadInput("Offer at least one remedy, if only an explanation.", field="remedies")
    if len(remedies) > ROWS_LIMIT:
        raise BadInput(f"A proposal has at most {ROWS_LIMIT} remedies.", field="remedies")
    checked = [_checked_remedy(one, currency) for one in remedies]
    options = {one.option for one in checked if one.option}
    if len(options) == 1:
        raise BadInput("One option alone is no choice: number a second one, or leave the option empty.", field="option")
    return checked


def _checked_remedy(remedy: NewRemedy, currency: str) -> NewRemedy:
    kind = remedy_kind(remedy.kind)
    amount = checked_amount(kind, remedy.amount)
    code = clean_line(remedy.currency).upper() or currency
    if kind.measure != "money" or amount is None:
        code = ""
    elif not _CURRENCY.match(code):
        raise BadInput("Name the currency with three letters, for example GBP or EUR.", field="currency")
    text = checked_text(remedy.text, "remedies", "", limit=2000)
    return replace(remedy, amount=amount, currency=code, text=text, option=_checked_option(remedy.option))


def checked_steps(steps: Sequence[NewStep], timezone: str, options: frozenset[int]) -> list[NewStep]:
    """The steps as they are stored.

    Raises:
        BadInput: there is none, too many, or one is wrong.
    """
    if not steps:
        raise BadInput("Say at least one step: what happens, who does it, and by when.", field="steps")
    if len(steps) > ROWS_LIMIT:
        raise BadInput(f"A proposal has at most {ROWS_LIMIT} steps.", field="steps")
    checked = [_checked_step(one, timezone) for one in steps]
    if any(one.option and one.option not in options for one in checked):
        raise BadInput("A step belongs to an option that no remedy has.", field="option")
    return checked


def _checked_step(step: NewStep, timezone: str) -> NewStep:
    what = checked_line(step.what, "what", "Say what will be done.", required=True)
    who = checked_line(step.who, "who", "", limit=200)
    earliest = checked_date(step.due_earliest, "due_earliest", timezone)
    latest = checked_date(step.due_latest, "due_latest", timezone)
    if latest is None:
        raise BadInput(f"Say by when: the step “{what[:60]}” has no last day.", field="due_latest")
    if earliest is not None and earliest > latest:
        raise BadInput(f"The first day lies after the last one in the step “{what[:60]}”.", field="due_earliest")
    generic = who.lower() in _CUSTOMER_WORDS
    party = step.party or ("customer" if generic else "us")
    who = "" if generic else who
    if party not in ("us", "customer", "third_party"):
        raise BadInput("Say who acts: us, customer or third_party.", field="party")
    return replace(
        step,
        what=what,
        who=who,
        due_earliest=earliest,
        due_latest=latest,
        party=party,
        option=_checked_option(step.option),
    )


def _checked_option(option: int) -> int:
    if not 0 <= option <= OPTIONS_LIMIT:
        raise BadInput(f"Number the options from 1 to {OPTIONS_LIMIT}; 0 is given in any case.", field="option")
    return option
