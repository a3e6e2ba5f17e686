"""What customers answer, and what follows from it."""

from __future__ import annotations

from django.db import transaction

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.audit.public import record
from amends.cases.public import (
    DONE_PHASES,
    Action,
    Complaint,
    Phase,
    access_complaint,
    mark_sent,
    move,
    queue_message,
    receive_message,
    recipient_address,
    responsible_ids,
)
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.core.events import publish
from amends.core.text import clean
from amends.followup.events import CheckInAnswered, SurveyAnswered
from amends.followup.models import WAITING, AskState, CheckIn, SurveyInvitation
from amends.followup.rules import HIGHEST, LEAST_EFFORT, LOWEST, MOST_EFFORT, is_unhappy
from amends.notifications.public import notify
from amends.voice.public import letter_context, letter_language, render, repeatable

WORDS_LIMIT = 20_000
ANSWERABLE = (*WAITING, AskState.PLANNED, AskState.LAPSED)


def answer_survey(
    *, actor: Actor, survey_id: int, score: int, effort: int | None = None, words: str = ""
) -> SurveyInvitation:
    """Record the first answer to a survey; a second one changes nothing. An unhappy one takes the case up again.

    Args:
        score: 0 (not at all satisfied) to 10.
        effort: 1 (very easy) to 5 (very hard); None is not said.

    Raises:
        BadInput: a number is out of range, or the words are too long.
        NotFound: it is not the actor's to answer.
    """
    if not LOWEST <= score <= HIGHEST:
        raise BadInput(f"Choose a number from {LOWEST} to {HIGHEST}.", field="score")
    if effort is not None and not LEAST_EFFORT <= effort <= MOST_EFFORT:
        raise BadInput(f"Choose a number from {LEAST_EFFORT} to {MOST_EFFORT}.", field="effort")
    words = _checked(words)
    with transaction.atomic():
        found = SurveyInvitation.objects.filter(pk=survey_id).first()
        complaint = _case(actor, found)
        unhappy = is_unhappy(score)
        won = SurveyInvitation.objects.filter(pk=survey_id, state__in=ANSWERABLE).update(
            state=AskState.ANSWERED, score=score, effort=effort, words=words, answered_at=clock.now()
        )
        if won:
            record(
                actor=actor,
                chain=f"complaint:{complaint.pk}",
                kind="survey_answered",
                data={"question": survey_id, "score": score, "effort": effort, "unhappy": unhappy},
            )
            if unhappy:
                take_up_again(actor=actor, complaint_id=complaint.pk, why="an unhappy survey answer", words=words)
            elif words:
                _tell(
                    complaint,
                    "survey_words",
                    f"{complaint.reference}: {score} of 10, with words",
                    f"survey:{survey_id}",
                )
            publish(SurveyAnswered(survey_id=survey_id, complaint_id=complaint.pk, score=score, unhappy=unhappy))
    return SurveyInvitation.objects.get(pk=survey_id)


def answer_check_in(*, actor: Actor, check_in_id: int, solved: bool, words: str = "") -> CheckIn:
    """Record whether it is still solved, once; if not, the case is taken up again.

    Raises:
        BadInput: the words are too long.
        NotFound: it is not the actor's to answer.
    """
    words = _checked(words)
    with transaction.atomic():
        found = CheckIn.objects.filter(pk=check_in_id).first()
        complaint = _case(actor, found)
        won = CheckIn.objects.filter(pk=check_in_id, state__in=ANSWERABLE).update(
            state=AskState.ANSWERED, solved=solved, words=words, answered_at=clock.now()
        )
        if won:
            record(
                actor=actor,
                chain=f"complaint:{complaint.pk}",
                kind="check_in_answered",
                data={"question": check_in_id, "solved": solved},
            )
            if not solved:
                take_up_again(actor=actor, complaint_id=complaint.pk, why="the check-in says not solved", words=words)
            else:
                _follow_up(actor, complaint, words, check_in_id)
            publish(CheckInAnswered(check_in_id=check_in_id, complaint_id=complaint.pk, solved=solved))
    return CheckIn.objects.get(pk=check_in_id)


def _follow_up(actor: Actor, complaint: Complaint, words: str, check_in_id: int) -> None:
    if words:
        _tell(
            complaint,
            "check_in_words",
            f"{complaint.reference}: still solved, with words",
            f"check_in_words:{check_in_id}",
        )
    if complaint.phase == Phase.RESOLVED:
        move(actor=actor, complaint_id=complaint.pk, action=Action.FOLLOW_UP)


def _case(actor: Actor, found: SurveyInvitation | CheckIn | None) -> Complaint:
    if found is None:
        raise NotFound
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    access_complaint(actor, found.complaint_id, lock=True)
    return access_complaint(actor, found.complaint_id)


def _checked(words: str) -> str:
    words = clean(words).strip()
    if len(words) > WORDS_LIMIT:
        raise BadInput(f"Please write at most {WORDS_LIMIT:,} characters.", field="words")
    return words


def _tell(complaint: Complaint, kind: str, title: str, key: str) -> None:
    notify(
        users=responsible_ids(complaint),
        kind=kind,
        title=title,
        url=f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=key,
    )


def take_up_again(*, actor: Actor, complaint_id: int, why: str, words: str = "") -> bool:
    """Reopen a settled case because the customer says so: their words go into it, the people are alerted, and the
    customer hears that somebody has it. True when it was settled; on an open case only the words are added.

    Args:
        why: our own words for the record, without anything personal.
    """
    with transaction.atomic():
        access_complaint(actor, complaint_id, lock=True)
        complaint = access_complaint(actor, complaint_id)
        if words:
            person = complaint.representative or complaint.customer
            receive_message(
                actor=actor,
                complaint_id=complaint_id,
                channel="survey",
                text=words,
                from_name=person.name,
                from_address=person.email,
                kind="survey",
            )
        moment = f"{clock.now():%Y%m%dT%H%M%S%f}"
        _tell(
            complaint,
            "not_settled",
            f"{complaint.reference}: not settled, {why}",
            f"not_settled:{complaint_id}:{moment}",
        )
        if complaint.phase not in DONE_PHASES:
            return False
        move(actor=actor, complaint_id=complaint_id, action=Action.REOPEN, reason=f"Not settled: {why}.")
        _write_reopened(access_complaint(SYSTEM, complaint_id), words, moment)
    return True


def _write_reopened(complaint: Complaint, words: str, moment: str) -> None:
    language = letter_language(complaint)
    context = {**letter_context(complaint, language=language), "words": repeatable(words)}
    letter = render("reopened", language, context)
    by_mail = bool(recipient_address(complaint))
    message = queue_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        kind="reopened",
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        channel="email" if by_mail else "portal",
        purpose=f"reopened:{moment}",
        language=letter.language,
        automatic=True,
    )
    if message is not None and not by_mail:
        mark_sent(message_id=message.pk)
