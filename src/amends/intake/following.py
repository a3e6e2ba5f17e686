"""Which case the words of a customer belong to when the one they answer was settled: one rule for mail and for chat.

Long after the closing an answer becomes a case of its own that goes on from the old one. What they then still write to
the old address belongs to that new case, not to a third one.
"""

from __future__ import annotations

from typing import Final

from amends.cases.public import AnswerTo, CaseLink, Complaint, LinkKind, answer_to, known_addresses

FURTHEST: Final = 20


def place_of_answer(case: Complaint, *, address: str = "") -> tuple[Complaint, AnswerTo]:
    """The case that takes the words, and what they do to it; `FOLLOWS` means that a new one must be made from it.

    Args:
        address: who writes, normalised: a case that they do not belong to takes nothing of theirs; empty: known otherwise.
    """
    newest, seen = case, {case.pk}
    for _step in range(FURTHEST):
        if answer_to(newest) is not AnswerTo.FOLLOWS:
            return newest, answer_to(newest)
        further = _follower(newest, address)
        if further is None or further.pk in seen:
            break
        newest = further
        seen.add(further.pk)
    return newest, AnswerTo.FOLLOWS


def _follower(case: Complaint, address: str) -> Complaint | None:
    links = CaseLink.objects.filter(other=case, kind=LinkKind.FOLLOWS).select_related(
        "complaint__customer", "complaint__representative", "complaint__unit", "complaint__product"
    )
    found = (one.complaint for one in links.order_by("-complaint_id")[:10])
    return next((one for one in found if not address or address in known_addresses(one)), None)
