"""Questions about the investigation of a case."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch

from amends.cases.public import Attachment, Complaint
from amends.handling.library import playbook_by_key, playbooks
from amends.handling.models import Answer
from amends.handling.playbook import Playbook, Question, choose

FILES_SHOWN = 100


def files_of(complaint: Complaint) -> list[Attachment]:
    """The files of a case that can be evidence, newest first (1 query)."""
    return list(Attachment.objects.filter(message__complaint_id=complaint.pk).order_by("-id")[:FILES_SHOWN])


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a case with its answer, when there is one. `shown` is the answer as people read it."""

    question: Question
    answer: Answer | None
    shown: str


def case_fields(complaint: Complaint) -> dict[str, str]:
    """What conditions and matches may ask about the case, all as text."""
    product = complaint.product
    return {
        "category": complaint.category,
        "channel": complaint.channel,
        "severity": str(complaint.severity),
        "safety": str(complaint.safety).lower(),
        "vulnerable": str(complaint.vulnerable).lower(),
        "language": complaint.language,
        "product": product.key if product else "",
        "product_line": product.line if product else "",
        "tier": str(complaint.tier),
    }


def playbook_for(complaint: Complaint) -> Playbook:
    """The playbook of a case: the one it was begun with while that exists, else the most specific one (1 query)."""
    begun = Answer.objects.filter(complaint_id=complaint.pk).order_by("id").values_list("playbook", flat=True).first()
    return (playbook_by_key(begun) if begun else None) or choose(playbooks(), case_fields(complaint))


def answers_of(complaint: Complaint) -> list[Answer]:
    """What is known, in the order it was first asked, with its evidence (2 queries)."""
    files = Prefetch("evidence", Attachment.objects.select_related("blob").defer("blob__data"))
    return list(Answer.objects.filter(complaint_id=complaint.pk).prefetch_related(files).order_by("id"))


def shown_answer(question: Question, answer: Answer | None, language: str) -> str:
    """An answer as people read it: the label of a choice, else its text."""
    if answer is None:
        return ""
    return next(
        (choice.label.in_language(language) for choice in question.choices if choice.key == answer.text), answer.text
    )


def investigation_of(complaint: Complaint, language: str = "en") -> tuple[Playbook, list[Asked]]:
    """The playbook and its questions as they stand now: those to ask, and those answered earlier (2 queries).

    A question whose condition no longer holds stays when it has an answer: nothing that was found out disappears.
    """
    known = answers_of(complaint)
    begun = playbook_by_key(known[0].playbook) if known else None
    playbook = begun or choose(playbooks(), case_fields(complaint))
    by_key = {answer.question: answer for answer in known}
    wanted = {
        one.key for one in playbook.asked({key: answer.text for key, answer in by_key.items()}, case_fields(complaint))
    }
    asked = [
        Asked(one, by_key.get(one.key), shown_answer(one, by_key.get(one.key), language))
        for one in playbook.questions
        if one.key in wanted or one.key in by_key
    ]
    return playbook, asked
