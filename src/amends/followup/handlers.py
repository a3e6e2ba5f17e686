"""What follow-up does when a complaint was settled or taken up again."""

from __future__ import annotations

from amends.cases.events import PhaseChanged
from amends.cases.public import Complaint, Phase
from amends.core.events import on
from amends.followup import planning

SETTLED = frozenset({Phase.RESOLVED, Phase.FOLLOWED_UP, Phase.CLOSED})


@on(PhaseChanged)
def follow_the_phase(event: PhaseChanged) -> None:
    """A resolution plans the questions about it; whatever leads away from it takes them back."""
    if event.after == Phase.RESOLVED:
        resolved_at = Complaint.objects.values_list("resolved_at", flat=True).get(pk=event.complaint_id)
        planning.plan(complaint_id=event.complaint_id, resolved_at=resolved_at or event.at)
    elif event.after not in SETTLED and event.before in SETTLED:
        planning.cancel(complaint_id=event.complaint_id, why="taken_up_again")
