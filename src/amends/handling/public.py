"""What other domains may use of handling."""

from amends.handling.models import Answer, AuthorityLimit, Delay, Promise, Proposal, Remedy, Step, Try
from amends.handling.people import limits
from amends.handling.playbook import Playbook, Question
from amends.handling.remedies import RemedyKind, remedy_kinds
from amends.handling.rules import PromiseState, ProposalState
from amends.handling.selectors.investigation import answers_of, investigation_of, playbook_for
from amends.handling.selectors.promises import Rate, promise_rate, promises_of, visible_promises
from amends.handling.selectors.proposals import (
    Similar,
    WholeProposal,
    current_proposal,
    proposal_for_customer,
    proposals_of,
    similar_cases,
)
from amends.handling.selectors.tries import tries_of
from amends.handling.services.answers import answer_proposal
from amends.handling.services.investigation import answer_question
from amends.handling.services.promises import complete_step, explain_delay, keep_promise, promise, sweep_promises
from amends.handling.services.proposals import decide_approval, draft_proposal, send_proposal, withdraw_proposal
from amends.handling.services.tries import note_try
from amends.handling.services.writing import remedy_words, written_amount, written_days
from amends.handling.values import NewRemedy, NewStep

__all__ = [
    "Answer",
    "AuthorityLimit",
    "Delay",
    "NewRemedy",
    "NewStep",
    "Playbook",
    "Promise",
    "PromiseState",
    "Proposal",
    "ProposalState",
    "Question",
    "Rate",
    "Remedy",
    "RemedyKind",
    "Similar",
    "Step",
    "Try",
    "WholeProposal",
    "answer_proposal",
    "answer_question",
    "answers_of",
    "complete_step",
    "current_proposal",
    "decide_approval",
    "draft_proposal",
    "explain_delay",
    "investigation_of",
    "keep_promise",
    "limits",
    "note_try",
    "playbook_for",
    "promise",
    "promise_rate",
    "promises_of",
    "proposal_for_customer",
    "proposals_of",
    "remedy_kinds",
    "remedy_words",
    "send_proposal",
    "similar_cases",
    "sweep_promises",
    "tries_of",
    "visible_promises",
    "withdraw_proposal",
    "written_amount",
    "written_days",
]
