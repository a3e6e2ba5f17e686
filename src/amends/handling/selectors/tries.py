"""Questions about what was tried."""

from __future__ import annotations

from amends.cases.public import Complaint
from amends.handling.models import Try


def tries_of(complaint: Complaint) -> list[Try]:
    """What was tried in a case, oldest first (1 query)."""
    return list(Try.objects.filter(complaint=complaint))


def tried_in_vain(complaint: Complaint) -> int:
    """How often something did not help since the last thing that did (1 query)."""
    helped = list(Try.objects.filter(complaint=complaint).order_by("-id").values_list("helped", flat=True)[:50])
    return helped.index(True) if True in helped else len(helped)
