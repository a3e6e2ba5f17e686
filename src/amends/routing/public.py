"""What other domains may use of routing."""

from amends.routing.models import Handoff, HandoffState
from amends.routing.selectors import handoffs_of, member_ids, pending_handoffs, responsible_ids
from amends.routing.services import accept_handoff, alert_of_new_case, alert_owner, escalate, return_handoff, route

__all__ = [
    "Handoff",
    "HandoffState",
    "accept_handoff",
    "alert_of_new_case",
    "alert_owner",
    "escalate",
    "handoffs_of",
    "member_ids",
    "pending_handoffs",
    "responsible_ids",
    "return_handoff",
    "route",
]
