"""Questions about proposals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import median

from django.db.models import F, Q

from amends.accounts.public import Actor
from amends.cases.public import Complaint, visible_complaints
from amends.core import clock
from amends.handling.models import Approval, Proposal, Remedy, Step
from amends.handling.rules import OPEN_STATES, Part, ProposalState, totals

LOOK_BACK = timedelta(days=365)
SIMILAR_ROWS = 500
SHOWN_CASES = 5


@dataclass(frozen=True, slots=True)
class WholeProposal:
    """A proposal with everything that belongs to it."""

    proposal: Proposal
    remedies: tuple[Remedy, ...]
    steps: tuple[Step, ...]
    approval: Approval | None

    @property
    def options(self) -> tuple[int, ...]:
        """The numbers the customer can choose from; empty when there is nothing to choose."""
        return tuple(sorted({one.option for one in self.remedies if one.option}))

    @property
    def chosen_remedies(self) -> tuple[Remedy, ...]:
        """What is offered before the answer, and what is given after it."""
        if self.proposal.state != ProposalState.ACCEPTED:
            return self.remedies
        return tuple(one for one in self.remedies if one.option in (0, self.proposal.chosen_option))

    @property
    def chosen_steps(self) -> tuple[Step, ...]:
        """The steps that are carried out: of every option before the answer, of the chosen one after it."""
        if self.proposal.state != ProposalState.ACCEPTED:
            return self.steps
        return tuple(one for one in self.steps if one.option in (0, self.proposal.chosen_option))


def proposals_of(complaint: Complaint) -> list[WholeProposal]:
    """The proposals of a case, newest first (4 queries)."""
    rows = Proposal.objects.filter(complaint_id=complaint.pk).order_by("-number")
    rows = rows.prefetch_related("remedies", "steps", "approvals")
    return [_whole(row) for row in rows]


def _whole(row: Proposal) -> WholeProposal:
    approvals = sorted(row.approvals.all(), key=lambda one: one.pk)
    return WholeProposal(row, tuple(row.remedies.all()), tuple(row.steps.all()), approvals[-1] if approvals else None)


def current_proposal(complaint: Complaint) -> WholeProposal | None:
    """The newest proposal of a case, unless it was taken back (4 queries)."""
    return next((one for one in proposals_of(complaint) if one.proposal.state != ProposalState.WITHDRAWN), None)


def open_proposal_of(complaint: Complaint) -> WholeProposal | None:
    """The proposal that is not decided yet (4 queries)."""
    return next((one for one in proposals_of(complaint) if one.proposal.state in OPEN_STATES), None)


def totals_of(remedies: Iterable[Remedy]) -> dict[str, Decimal]:
    """What these remedies can cost at most, by currency (PURE)."""
    return totals(
        Part(one.option, one.currency, one.amount) for one in remedies if one.amount is not None and one.currency
    )


CUSTOMER_SEES = (ProposalState.SENT, ProposalState.ACCEPTED, ProposalState.DECLINED, ProposalState.OTHER_WANTED)


def proposal_for_customer(complaint: Complaint) -> WholeProposal | None:
    """The newest proposal that was sent; drafts, approvals and what was taken back are not the customer's to see."""
    whole = next((one for one in proposals_of(complaint) if one.proposal.state in CUSTOMER_SEES), None)
    return None if whole is None else WholeProposal(whole.proposal, whole.remedies, whole.steps, None)


@dataclass(frozen=True, slots=True)
class Given:
    """What one earlier case was given."""

    reference: str
    kinds: tuple[str, ...]
    amounts: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Spread:
    """What similar cases were given in one currency."""

    currency: str
    count: int
    lowest: Decimal
    middle: Decimal
    highest: Decimal


@dataclass(frozen=True, slots=True)
class Similar:
    """Cases of the same category and product whose customers accepted, within a year."""

    count: int
    spreads: tuple[Spread, ...]
    kinds: tuple[tuple[str, int], ...]
    latest: tuple[Given, ...]


def similar_cases(actor: Actor, complaint: Complaint) -> Similar:
    """What was given before in cases like this one, of those the actor may see (1 query)."""
    others = visible_complaints(actor).filter(category=complaint.category, product=complaint.product)
    rows = (
        Remedy.objects.filter(
            Q(option=0) | Q(option=F("proposal__chosen_option")),
            proposal__state=ProposalState.ACCEPTED,
            proposal__answered_at__gte=clock.now() - LOOK_BACK,
            proposal__complaint__in=others,
        )
        .exclude(proposal__complaint_id=complaint.pk)
        .order_by("-proposal__answered_at", "proposal_id", "position")
        .values_list("proposal_id", "proposal__complaint__reference", "kind", "amount", "currency")[:SIMILAR_ROWS]
    )
    return summarise(
        [(key, reference or "", kind, amount, currency) for key, reference, kind, amount, currency in rows]
    )


def summarise(rows: list[tuple[int, str, str, Decimal | None, str]]) -> Similar:
    """Range, median and kinds of `(proposal, reference, kind, amount, currency)`, newest first (PURE)."""
    given: dict[int, Given] = {}
    kinds: dict[str, int] = {}
    for key, reference, kind, amount, currency in rows:
        one = given.setdefault(key, Given(reference, (), {}))
        given[key] = Given(reference, (*one.kinds, kind), one.amounts)
        kinds[kind] = kinds.get(kind, 0) + 1
        if amount is not None and currency:
            one.amounts[currency] = one.amounts.get(currency, Decimal(0)) + amount
    return Similar(
        count=len(given),
        spreads=tuple(
            _spread(currency, given) for currency in sorted({code for one in given.values() for code in one.amounts})
        ),
        kinds=tuple(sorted(kinds.items(), key=lambda item: (-item[1], item[0]))),
        latest=tuple(given.values())[:SHOWN_CASES],
    )


def _spread(currency: str, given: dict[int, Given]) -> Spread:
    amounts = sorted(one.amounts[currency] for one in given.values() if currency in one.amounts)
    middle = Decimal(median(amounts)).quantize(Decimal("0.01"))
    return Spread(currency, len(amounts), amounts[0], middle, amounts[-1])
