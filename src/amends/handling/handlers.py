"""What we do when a case moved without us: the proposal and the promises follow the phase."""

from __future__ import annotations

from amends.accounts.public import SYSTEM
from amends.cases.events import PhaseChanged
from amends.cases.public import Action, Complaint, Phase, access_complaint
from amends.core.events import on
from amends.handling import packet
from amends.handling.models import Proposal
from amends.handling.rules import ANSWERS, OPEN_STATES, ProposalState
from amends.handling.services.answers import finish_answer
from amends.handling.services.promises import release_promises
from amends.handling.services.proposals import close_as_withdrawn
from amends.handling.services.telling import ask_for_final_answer
from amends.handling.services.writing import write_resolution

__all__ = ["packet"]  # registers itself
_ANSWERS = {Action.AGREE.value: "accepted", Action.DECLINE.value: "declined"}
_ENDINGS = (Phase.RESOLVED, Phase.WITHDRAWN, Phase.OUT_OF_JURISDICTION)


@on(PhaseChanged)
def follow_the_phase(event: PhaseChanged) -> None:
    """A colleague recorded the customer's answer as a move, went back to investigating, or ended the case."""
    if event.before == Phase.PROPOSED or event.after in _ENDINGS:
        complaint = access_complaint(SYSTEM, event.complaint_id)
        _follow(event, complaint)


def _follow(event: PhaseChanged, complaint: Complaint) -> None:
    proposal = Proposal.objects.filter(complaint=complaint, state__in=OPEN_STATES).first()
    answer = _ANSWERS.get(event.action)
    if proposal is not None and proposal.state == ProposalState.SENT and answer is not None:
        proposal.state, proposal.answered_at, proposal.answered_by = ANSWERS[answer], event.at, "agent"
        finish_answer(SYSTEM, complaint, proposal, answer)
    elif proposal is not None and event.before == Phase.PROPOSED and event.action == Action.INVESTIGATE:
        close_as_withdrawn(SYSTEM, complaint, proposal, "The investigation was taken up again.")
    elif proposal is not None and event.after in _ENDINGS:
        close_as_withdrawn(SYSTEM, complaint, proposal, "The case has ended.")
    if (
        event.after == Phase.RESOLVED
        and complaint.acknowledged_at is not None
        and not write_resolution(complaint=complaint)
    ):
        ask_for_final_answer(complaint)
    if event.after in (Phase.WITHDRAWN, Phase.OUT_OF_JURISDICTION):
        release_promises(actor=SYSTEM, complaint=complaint)
