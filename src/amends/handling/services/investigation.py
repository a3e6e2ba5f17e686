"""The verb of the investigation."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.cases.public import Action, Attachment, Complaint, Phase, access_complaint, announce_change, move
from amends.core import clock
from amends.core.errors import BadInput
from amends.core.events import publish
from amends.core.text import clean, digest
from amends.handling.events import QuestionAnswered
from amends.handling.models import Answer, AnswerVersion
from amends.handling.playbook import Playbook, Question
from amends.handling.selectors.investigation import playbook_for

ANSWER_LIMIT = 20_000


def answer_question(
    *, actor: Actor, complaint_id: int, question_key: str, text: str, evidence: Sequence[int] | None = None
) -> Answer:
    """Write down what is known about a question of the case's playbook; an earlier wording is kept.

    The first answer starts the investigation. The same again changes nothing.

    Args:
        evidence: ids of the case's files that show it; None leaves them as they are.

    Raises:
        BadInput: the question is not part of the playbook, the text is empty, too long or none of the given choices,
            or a file is not of this case.
    """
    actor.require(Permission.CASE_WORK)
    text = clean(text).strip()
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        playbook = playbook_for(complaint)
        question = _checked(playbook, question_key, text)
        answer = Answer.objects.filter(complaint=complaint, question=question_key).first()
        files = _checked_files(complaint, answer, evidence)
        if answer is not None and answer.text == text and files == _files_of(answer):
            return answer
        answer = _store(answer or Answer(complaint=complaint, question=question.key), playbook, actor, text)
        answer.evidence.set(files)
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="question_answered",
            data={
                "question": question_key,
                "playbook": f"{playbook.key} {playbook.version}",
                "text_sha256": digest(text),
                "files": len(files),
            },
        )
        publish(QuestionAnswered(complaint_id=complaint.pk, question=question_key))
        announce_change(complaint)
        _start(actor, complaint)
    return answer


def _checked(playbook: Playbook, key: str, text: str) -> Question:
    question = playbook.question(key)
    if question is None:
        keys = ", ".join(one.key for one in playbook.questions)
        raise BadInput(f"The playbook {playbook.key!r} has no such question; choose from {keys}.", field="question")
    if not text:
        raise BadInput("Write what you found out, also when it is “nothing”.", field="text")
    if len(text) > ANSWER_LIMIT:
        raise BadInput(
            f"The answer is longer than {ANSWER_LIMIT:,} characters: attach the rest as a file.", field="text"
        )
    choices = [choice.key for choice in question.choices]
    if choices and text not in choices:
        raise BadInput(f"Choose one of: {', '.join(choices)}.", field="text")
    return question


def _files_of(answer: Answer) -> set[int]:
    return set(answer.evidence.values_list("pk", flat=True))


def _checked_files(complaint: Complaint, answer: Answer | None, evidence: Sequence[int] | None) -> set[int]:
    if evidence is None:
        return _files_of(answer) if answer else set()
    wanted = set(evidence)
    found = set(Attachment.objects.filter(pk__in=wanted, message__complaint=complaint).values_list("pk", flat=True))
    if found != wanted:
        raise BadInput("Choose only files of this case.", field="evidence")
    return found


def _store(answer: Answer, playbook: Playbook, actor: Actor, text: str) -> Answer:
    answer.playbook, answer.playbook_version = playbook.key, playbook.version
    answer.text, answer.at = text, clock.now()
    answer.author_id, answer.author_name = actor.user_id, actor.name[:200]
    number = AnswerVersion.objects.filter(answer=answer).count() + 1 if answer.pk else 1
    answer.save()
    AnswerVersion.objects.create(answer=answer, number=number, text=text, author_name=answer.author_name, at=answer.at)
    return answer


def _start(actor: Actor, complaint: Complaint) -> None:
    if complaint.phase in (Phase.REGISTERED, Phase.ACKNOWLEDGED):
        move(actor=actor, complaint_id=complaint.pk, action=Action.INVESTIGATE)
