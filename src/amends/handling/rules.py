"""What a proposal may become, who may send it, and when a promise is kept (PURE: values and `now` in, decision out)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from amends.core.errors import Conflict


class ProposalState(models.TextChoices):
    """Where a proposal stands."""

    DRAFT = "draft", _("Draft")
    AWAITING_APPROVAL = "awaiting_approval", _("Waits for approval")
    SENT = "sent", _("Sent, waits for the customer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    OTHER_WANTED = "other_wanted", _("The customer wants something else")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_STATES = (ProposalState.DRAFT, ProposalState.AWAITING_APPROVAL, ProposalState.SENT)

ANSWERS: dict[str, ProposalState] = {
    "accepted": ProposalState.ACCEPTED,
    "declined": ProposalState.DECLINED,
    "other": ProposalState.OTHER_WANTED,
}
"""What a customer can answer, and what the proposal becomes."""

TRANSITIONS: dict[str, tuple[frozenset[ProposalState], ProposalState]] = {
    "ask_approval": (frozenset({ProposalState.DRAFT}), ProposalState.AWAITING_APPROVAL),
    "send": (frozenset({ProposalState.DRAFT, ProposalState.AWAITING_APPROVAL}), ProposalState.SENT),
    "refuse": (frozenset({ProposalState.AWAITING_APPROVAL}), ProposalState.DRAFT),
    "accepted": (frozenset({ProposalState.SENT}), ProposalState.ACCEPTED),
    "declined": (frozenset({ProposalState.SENT}), ProposalState.DECLINED),
    "other": (frozenset({ProposalState.SENT}), ProposalState.OTHER_WANTED),
    "withdraw": (frozenset(OPEN_STATES), ProposalState.WITHDRAWN),
}

_SENTENCES: dict[str, str] = {
    ProposalState.DRAFT: "The proposal is still a draft.",
    ProposalState.AWAITING_APPROVAL: "The proposal waits for approval.",
    ProposalState.SENT: "The proposal has been sent and waits for the customer.",
    ProposalState.ACCEPTED: "The customer has accepted this proposal already.",
    ProposalState.DECLINED: "The customer has declined this proposal already.",
    ProposalState.OTHER_WANTED: "The customer has asked for something else already.",
    ProposalState.WITHDRAWN: "The proposal was withdrawn.",
}


def next_state(state: str, act: str) -> ProposalState:
    """What a proposal in `state` becomes by `act` (a key of `TRANSITIONS`).

    Raises:
        Conflict: it is not possible there.
    """
    sources, target = TRANSITIONS[act]
    if state not in sources:
        raise Conflict(f"{_SENTENCES[state]} Load the case again to see where it stands.")
    return target


class PromiseState(models.TextChoices):
    """Where a promise stands. `open` and `explained` still run until they are done."""

    OPEN = "open", _("Open")
    KEPT = "kept", _("Kept")
    EXPLAINED = "explained", _("Delay explained in time")
    BROKEN = "broken", _("Broken")
    RELEASED = "released", _("No longer owed")


RUNNING_STATES = (PromiseState.OPEN, PromiseState.EXPLAINED)


def state_when_done(state: str, due_at: datetime, done_at: datetime) -> PromiseState:
    """What a promise is once it is done: late is broken, a delay explained in time stays explained."""
    if state == PromiseState.BROKEN or done_at >= due_at:
        return PromiseState.BROKEN
    return PromiseState.EXPLAINED if state == PromiseState.EXPLAINED else PromiseState.KEPT


def state_when_explained(state: str, due_at: datetime, at: datetime) -> PromiseState:
    """What a promise is once its delay was explained: in time is explained, afterwards it stays broken."""
    return PromiseState.EXPLAINED if state in RUNNING_STATES and at < due_at else PromiseState.BROKEN


def end_of_day(day: date, timezone: str) -> datetime:
    """The instant at which this calendar day is over in this zone."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(timezone))


REMINDER_HOUR = time(9)


def remind_at(*, made_at: datetime, due_latest: date, timezone: str) -> datetime:
    """When the owner is asked to keep the promise or explain the delay.

    That is nine in the morning of the last Monday-to-Friday before the day itself, so that a working day is left; for a
    promise made shortly before, it is halfway between then and the end of its day.
    """
    day = due_latest - timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    morning = datetime.combine(day, REMINDER_HOUR, tzinfo=ZoneInfo(timezone))
    halfway = made_at + (end_of_day(due_latest, timezone) - made_at) / 2
    return max(morning, halfway)


@dataclass(frozen=True, slots=True)
class Part:
    """What counts of one remedy: money in one currency, in one option (0: part of every option)."""

    option: int
    currency: str
    amount: Decimal


def totals(parts: Iterable[Part]) -> dict[str, Decimal]:
    """What a proposal can cost at most in each currency: what is always given plus the dearest option."""
    always: dict[str, Decimal] = {}
    options: dict[tuple[str, int], Decimal] = {}
    for part in parts:
        if part.option == 0:
            always[part.currency] = always.get(part.currency, Decimal(0)) + part.amount
        else:
            place = (part.currency, part.option)
            options[place] = options.get(place, Decimal(0)) + part.amount
    dearest: dict[str, Decimal] = {}
    for (currency, _option), amount in options.items():
        dearest[currency] = max(dearest.get(currency, Decimal(0)), amount)
    return {
        currency: always.get(currency, Decimal(0)) + dearest.get(currency, Decimal(0))
        for currency in sorted({*always, *dearest})
    }


Limits = Mapping[tuple[str, str], Decimal | None]
"""`(role, currency)` → limit; None is without limit; the currency "" stands for every currency without its own row."""


def limit_of(role: str, currency: str, limits: Limits) -> Decimal | None:
    """How much a role may give alone in a currency; None is without limit, and no row is nothing."""
    if (role, currency) in limits:
        return limits[(role, currency)]
    return limits.get((role, ""), Decimal(0))


def within_authority(amounts: Mapping[str, Decimal], roles: Iterable[str], limits: Limits) -> bool:
    """Whether somebody with these roles may give these amounts alone. Each currency counts for itself."""
    held = list(roles)

    def allowed(currency: str, amount: Decimal) -> bool:
        of_each = [limit_of(role, currency, limits) for role in held]
        return amount == 0 or any(limit is None or amount <= limit for limit in of_each)

    return all(allowed(currency, amount) for currency, amount in amounts.items())
