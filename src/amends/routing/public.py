"""What other domains may use of routing."""

from amends.routing.attendance import Attendance, attendances
from amends.routing.concerned import note_staff_concerned, staff_complained_about
from amends.routing.configured import criteria_problem
from amends.routing.criteria import consider, try_on_past
from amends.routing.giving import assign_waiting
from amends.routing.leaving import say_presence, seen
from amends.routing.models import CaseAboutStaff, Handoff, HandoffState
from amends.routing.packet import PacketPart, packet_parts
from amends.routing.selectors import handoffs_of, member_ids, pending_handoffs, responsible_ids
from amends.routing.services import accept_handoff, alert_of_new_case, alert_owner, escalate, return_handoff, route
from amends.routing.troubleshooting import FailedTries, failed_tries

__all__ = [
    "Attendance",
    "CaseAboutStaff",
    "FailedTries",
    "Handoff",
    "HandoffState",
    "PacketPart",
    "accept_handoff",
    "alert_of_new_case",
    "alert_owner",
    "assign_waiting",
    "attendances",
    "consider",
    "criteria_problem",
    "escalate",
    "failed_tries",
    "handoffs_of",
    "member_ids",
    "note_staff_concerned",
    "packet_parts",
    "pending_handoffs",
    "responsible_ids",
    "return_handoff",
    "route",
    "say_presence",
    "seen",
    "staff_complained_about",
    "try_on_past",
]
