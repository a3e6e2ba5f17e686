"""What the customer is told about dates: letters name the day by which the running clock promises an answer."""

from __future__ import annotations

from datetime import datetime

from amends.cases.public import Complaint
from amends.clocks.public import badges_for
from amends.voice.public import AnswerDate, answer_dates

ANSWER_CLOCKS = frozenset({"final_response", "answer"})


def answer_due(complaint: Complaint) -> datetime | None:
    """When the earliest running clock that ends with our answer runs out; None when none does (1 query)."""
    running = badges_for([complaint.pk]).get(complaint.pk, [])
    return min((badge.due for badge in running if badge.ours and badge.kind in ANSWER_CLOCKS), default=None)


answer_dates.register(AnswerDate(key="clocks", read=answer_due))
