"""What the tests of handling share: a proposal as an agent writes it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from amends.accounts.public import Actor
from amends.cases.public import Complaint
from amends.handling.public import NewRemedy, NewStep, Proposal, draft_proposal

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""Monday 2 March 2026, ten in the morning in London."""

REFUND = NewRemedy("refund", Decimal(80), "GBP")
APOLOGY = NewRemedy("apology", text="For the nine days without an answer")
CREDIT = NewRemedy("store_credit", Decimal(90), "GBP", option=1)
STEPS = (
    NewStep("Refund 80 GBP to the card", "Accounts", date(2026, 3, 4), date(2026, 3, 6)),
    NewStep("Send the speaker back with the label", "customer", None, date(2026, 3, 13)),
    NewStep("Confirm the closing of the case", "Alice", None, date(2026, 3, 10)),
)


def draft(actor: Actor, complaint: Complaint, **values: Any) -> Proposal:
    """A draft with believable defaults."""
    given: dict[str, Any] = {
        "summary": "You get the price of the repair back.",
        "remedies": (REFUND, APOLOGY),
        "steps": STEPS,
        "conditions": "The card must still be valid.",
        **values,
    }
    return draft_proposal(actor=actor, complaint_id=complaint.pk, **given)
