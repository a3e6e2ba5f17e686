"""How many mails came in and what became of them: received = waiting + stored + quarantined, always."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from amends.core.metrics import Labelled, reading
from amends.intake.channels.email.models import MailState, RawMail


@dataclass(frozen=True, slots=True)
class MailCounts:
    """Numbers of mails since the beginning; `by_outcome` splits the stored ones."""

    received: int
    waiting: int
    stored: int
    quarantined: int
    by_outcome: dict[str, int]


def counts() -> MailCounts:
    """Count every mail (one query over an index)."""
    rows = RawMail.objects.order_by().values_list("state", "outcome").annotate(number=Count("pk"))
    states: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    for state, outcome, number in rows:
        states[state] = states.get(state, 0) + number
        if outcome:
            outcomes[outcome] = outcomes.get(outcome, 0) + number
    return MailCounts(
        received=sum(states.values()),
        waiting=states.get(MailState.RECEIVED, 0),
        stored=states.get(MailState.STORED, 0),
        quarantined=states.get(MailState.QUARANTINED, 0),
        by_outcome=outcomes,
    )


@reading("amends_mails_total", "Mails received, by state and what they became.", ("state", "outcome"))
def _mails() -> Labelled:
    rows = RawMail.objects.order_by().values_list("state", "outcome").annotate(number=Count("pk"))
    return {(str(state), str(outcome)): float(number) for state, outcome, number in rows}
