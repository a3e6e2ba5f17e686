"""Sending the questions that are due, each exactly once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from amends.accounts.public import SYSTEM, Actor, Permission, unit_settings
from amends.audit.public import record
from amends.cases.public import (
    Action,
    Complaint,
    Message,
    Phase,
    access_complaint,
    move,
    queue_message,
    recipient_address,
    responsible_ids,
)
from amends.core import clock
from amends.core.errors import Conflict, NotFound
from amends.core.text import clean
from amends.followup.models import AskState, CheckIn, SurveyInvitation
from amends.followup.rules import ANSWER_WITHIN, too_late
from amends.followup.tokens import token_of
from amends.notifications.public import notify
from amends.voice.public import day_words, letter_context, letter_language, local_day, render

BATCH = 500
SETTLED = (Phase.RESOLVED, Phase.FOLLOWED_UP, Phase.CLOSED)
PERSONAL_LIMIT = 2000
log = structlog.get_logger(__name__)


def send_due(now: datetime | None = None) -> int:
    """Send the surveys and check-ins that are due, and end the waiting for answers that never came; how many were sent.

    Each is its own transaction: one that cannot be sent stops no other. Run it as often as you like.

    Raises:
        ExceptionGroup: some could not be sent; all others were.
    """
    moment = now or clock.now()
    sent, failures = 0, []
    for model in (SurveyInvitation, CheckIn):
        due = model.objects.filter(state=AskState.PLANNED, due_at__lte=moment).order_by("due_at", "id")
        for question_id in due.values_list("pk", flat=True)[:BATCH]:
            try:
                sent += _send_one(model, question_id, moment)
            except Exception as error:  # collected: raised below, when the others have been sent
                log.exception("follow_up_not_sent", kind=model.__name__, id=question_id)
                failures.append(error)
    _let_lapse(moment)
    if failures:
        raise ExceptionGroup(f"{len(failures)} questions could not be sent", failures)
    return sent


def _send_one(model: type[SurveyInvitation] | type[CheckIn], question_id: int, moment: datetime) -> int:
    with transaction.atomic():
        rows = model.objects.select_for_update(skip_locked=True, of=("self",))
        question = rows.filter(pk=question_id, state=AskState.PLANNED).first()
        if question is None:
            return 0
        access_complaint(SYSTEM, question.complaint_id, lock=True)
        complaint = access_complaint(SYSTEM, question.complaint_id)
        why = _why_not(complaint, question, moment)
        if why:
            _finish(question, state=AskState.CANCELLED, why_cancelled=why)
            return 0
        if isinstance(question, SurveyInvitation):
            return _send_survey(complaint, question)
        return _send_check_in(complaint, question)


def _why_not(complaint: Complaint, question: SurveyInvitation | CheckIn, moment: datetime) -> str:
    if complaint.phase not in SETTLED or complaint.resolved_at != question.resolved_at:
        return "taken_up_again"
    if too_late(question.due_at, moment):
        return "too_late"
    return "no_address" if isinstance(question, SurveyInvitation) and not recipient_address(complaint) else ""


def _finish(question: SurveyInvitation | CheckIn, **values: Any) -> None:
    for name, value in values.items():
        setattr(question, name, value)
    question.save(update_fields=list(values))


def _url(path: str, token: str) -> str:
    return f"{settings.AMENDS_PUBLIC_URL}/{path}/{token}/"


def _send_survey(complaint: Complaint, survey: SurveyInvitation) -> int:
    extra = {"survey_url": _url("s", token_of("survey", survey.key))}
    message = _write(SYSTEM, complaint, "survey", f"survey:{survey.pk}", survey.resolved_at, extra)
    _mark_sent(survey, complaint, message, "survey_sent")
    return 1


def _send_check_in(complaint: Complaint, check_in: CheckIn) -> int:
    """By mail in the owner's name; without an address, and after safety or legal matters, a person phones."""
    if not recipient_address(complaint) or complaint.safety or complaint.legal_or_media:
        _finish(check_in, state=AskState.BY_PHONE)
        notify(
            users=responsible_ids(complaint),
            kind="check_in_yourself",
            title=f"{complaint.reference}: please ask yourself whether it is still solved",
            url=f"/cases/{complaint.reference}/",
            complaint_id=complaint.pk,
            key=f"check_in:{check_in.pk}",
        )
        return 0
    token = token_of("check-in", check_in.key)
    base = _url("c", token)
    extra = {"yes_url": f"{base}?solved=yes", "no_url": f"{base}?solved=no", "personal": check_in.personal}
    message = _write(SYSTEM, complaint, "check_in", f"check_in:{check_in.pk}", check_in.resolved_at, extra)
    _mark_sent(check_in, complaint, message, "check_in_sent")
    return 1


def _write(
    actor: Actor, complaint: Complaint, kind: str, purpose: str, resolved_at: datetime, extra: dict[str, str]
) -> Message | None:
    language = letter_language(complaint)
    day = local_day(resolved_at, unit_settings(complaint.unit_id).timezone)
    context = {**letter_context(complaint, language=language), "resolved_on": day_words(day, language), **extra}
    letter = render(kind, language, context)
    return queue_message(
        actor=actor,
        complaint_id=complaint.pk,
        kind=kind,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        purpose=purpose,
        language=letter.language,
        automatic=True,
    )


def _mark_sent(question: SurveyInvitation | CheckIn, complaint: Complaint, message: Message | None, kind: str) -> None:
    _finish(question, state=AskState.SENT, sent_at=clock.now(), message=message)
    record(actor=SYSTEM, chain=f"complaint:{complaint.pk}", kind=kind, data={"question": question.pk})


def _let_lapse(moment: datetime) -> None:
    """Whoever has not answered the check-in for a week has no more to say: the case is followed up."""
    waiting = CheckIn.objects.filter(state=AskState.SENT, sent_at__lte=moment - ANSWER_WITHIN)
    for check_in_id in waiting.order_by("sent_at", "id").values_list("pk", flat=True)[:BATCH]:
        with transaction.atomic():
            won = CheckIn.objects.filter(pk=check_in_id, state=AskState.SENT).update(state=AskState.LAPSED)
            check_in = CheckIn.objects.select_related("complaint").get(pk=check_in_id)
            if not won:
                continue
            record(
                actor=SYSTEM,
                chain=f"complaint:{check_in.complaint_id}",
                kind="check_in_lapsed",
                data={"question": check_in_id},
            )
            complaint = access_complaint(SYSTEM, check_in.complaint_id, lock=True)
            if complaint.phase == Phase.RESOLVED and complaint.resolved_at == check_in.resolved_at:
                move(actor=SYSTEM, complaint_id=complaint.pk, action=Action.FOLLOW_UP, at=moment)


def send_check_in_now(*, actor: Actor, check_in_id: int, personal: str = "") -> CheckIn:
    """Send a planned check-in before its day, with a line of one's own.

    Raises:
        NotFound: it is not theirs to see.
        Conflict: it is not planned any more.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        check_in = _locked(actor, check_in_id)
        _finish(check_in, personal=clean(personal).strip()[:PERSONAL_LIMIT])
        _send_check_in(access_complaint(actor, check_in.complaint_id), check_in)
    return check_in


def keep_personal_line(*, actor: Actor, check_in_id: int, personal: str) -> CheckIn:
    """Write the line of one's own that goes out with a planned check-in on its day; raises like `send_check_in_now`."""
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        check_in = _locked(actor, check_in_id)
        _finish(check_in, personal=clean(personal).strip()[:PERSONAL_LIMIT])
        record(
            actor=actor,
            chain=f"complaint:{check_in.complaint_id}",
            kind="check_in_drafted",
            data={"question": check_in.pk},
        )
    return check_in


def _locked(actor: Actor, check_in_id: int) -> CheckIn:
    found = CheckIn.objects.filter(pk=check_in_id).first()
    if found is None:
        raise NotFound
    access_complaint(actor, found.complaint_id, lock=True)
    check_in = CheckIn.objects.select_for_update(of=("self",)).get(pk=check_in_id)
    if check_in.state != AskState.PLANNED:
        raise Conflict("This check-in is not planned any more: load the case again to see where it stands.")
    return check_in
