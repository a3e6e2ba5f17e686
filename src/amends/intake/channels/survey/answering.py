"""From the first click to a complaint with its story, once, whatever the customer does in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, customer_actor, unit_settings
from amends.audit.public import record
from amends.cases.public import Complaint, Customer, NewComplaint, Person, receive_message, register
from amends.core import clock
from amends.core.errors import AmendsError, BadInput
from amends.core.text import clean, clean_line, normalise_email
from amends.intake.channels.survey.kinds import Mood, kinds
from amends.intake.channels.survey.models import AnswerSource, AnswerState, Survey, SurveyAnswer, SurveyRecipient

VISITOR = Actor(kind="customer", id=None, name="")
"""Whoever answers; the record names nobody."""
PATIENCE = timedelta(minutes=10)
"""After the first click, how long the story may take before the complaint is made without it."""
PER_VISITOR, VISITOR_WINDOW = 60, timedelta(hours=1)
"""A counter with one tablet may have many answers in an hour; a machine has more."""
CHANGE_WITHIN = timedelta(hours=1)
WORDS_LIMIT = 20_000


class TooOftenError(AmendsError):
    """This visitor has answered many times within the hour."""

    status = 429
    code = "too_often"


class ClosedError(AmendsError):
    """The survey is over."""

    status = 410
    code = "closed"


@dataclass(frozen=True, slots=True)
class Click:
    """A score somebody chose.

    Attributes:
        once: what makes a double click one answer: the form's stamp, the recipient, or the other tool's id.
        visitor: a digest for counting; empty when the answer is bound to a person or signed.
    """

    survey_id: int
    score: int
    source: AnswerSource
    once: str
    recipient_id: int | None = None
    visitor: str = ""
    language: str = ""
    at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """What somebody adds to their score; every field may be empty."""

    words: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""


def mood_of(survey: Survey, score: int) -> Mood:
    """What a score means in this survey."""
    return kinds()[survey.kind].mood(score, survey.unhappy_bound)


def click(*, click: Click) -> SurveyAnswer:
    """Store a score at once. The same click again is the same answer; another score of the same person replaces the
    first within an hour, unless it has become a complaint.

    Raises:
        BadInput: the score is not on the scale.
        ClosedError: the survey is over.
        TooOftenError: too many from this visitor.
    """
    now = clock.now()
    with transaction.atomic():
        survey = Survey.objects.select_for_update(of=("self",), no_key=True).get(pk=click.survey_id)
        if click.score not in kinds()[survey.kind].scores:
            raise BadInput(_("Please choose one of the numbers."), field="score")
        known = SurveyAnswer.objects.select_for_update(of=("self",)).filter(survey=survey, once=click.once).first()
        if known is not None:
            return _again(survey, known, click.score, now)
        if survey.closed_at is not None:
            raise ClosedError(_("This survey is over. Thank you for your time."))
        _refuse_too_many(click.visitor, now)
        return _store(survey, click, now)


def _store(survey: Survey, click: Click, now: datetime) -> SurveyAnswer:
    recipient = None if click.recipient_id is None else SurveyRecipient.objects.get(pk=click.recipient_id)
    at = min(click.at or now, now)
    answer = SurveyAnswer(
        survey=survey,
        recipient=recipient,
        source=click.source,
        once=click.once[:200],
        visitor=click.visitor,
        score=click.score,
        language=clean_line(recipient.language if recipient and recipient.language else click.language)[:10],
        attributes=dict(click.attributes) | (dict(recipient.attributes) if recipient else {}),
        first_at=at,
    )
    if recipient is not None:
        answer.name, answer.email, answer.phone = recipient.name, recipient.email, recipient.phone
    _set_state(survey, answer, now)
    answer.save(force_insert=True)
    record(
        actor=VISITOR,
        chain=f"survey:{survey.pk}",
        kind="survey_answered",
        data={"answer": answer.pk, "score": answer.score, "source": str(answer.source), "state": str(answer.state)},
    )
    return answer


def _again(survey: Survey, answer: SurveyAnswer, score: int, now: datetime) -> SurveyAnswer:
    if answer.score == score or answer.state == AnswerState.COMPLAINT or now - answer.first_at > CHANGE_WITHIN:
        return answer
    before, answer.score = answer.score, score
    _set_state(survey, answer, now)
    answer.save(update_fields=["score", "state", "due_at"])
    record(
        actor=VISITOR,
        chain=f"survey:{survey.pk}",
        kind="survey_answer_changed",
        data={"answer": answer.pk, "before": before, "score": score, "state": str(answer.state)},
    )
    return answer


def _set_state(survey: Survey, answer: SurveyAnswer, now: datetime) -> None:
    unhappy = mood_of(survey, answer.score) is Mood.UNHAPPY
    answer.state = AnswerState.WAITING if unhappy else AnswerState.COUNTED
    answer.due_at = now + PATIENCE if unhappy else None


def _refuse_too_many(visitor: str, now: datetime) -> None:
    if not visitor:
        return
    recent = SurveyAnswer.objects.filter(visitor=visitor, first_at__gt=now - VISITOR_WINDOW)
    if recent.count() >= PER_VISITOR:
        raise TooOftenError(_("A lot has been sent from here within the last hour. Please try again later."))


def tell(*, answer_id: int, story: Story) -> SurveyAnswer:
    """Add the customer's words and how to reach them. An unhappy answer becomes a complaint now; when it is one already,
    the words join it as a message.

    Raises:
        BadInput: a value is too long.
    """
    story = _checked(story)
    with transaction.atomic():
        answer = SurveyAnswer.objects.select_for_update(of=("self",)).select_related("survey").get(pk=answer_id)
        new_words = bool(story.words) and story.words != answer.words
        answer.name = story.name or answer.name
        answer.email = answer.email or story.email
        answer.phone = story.phone or answer.phone
        if new_words:
            answer.words = story.words
            answer.told_at = clock.now()
        answer.save(update_fields=["name", "email", "phone", "words", "told_at"])
        if answer.complaint_id is not None:
            _join(answer, story if new_words else Story(name=story.name, email=story.email, phone=story.phone))
        elif answer.state == AnswerState.WAITING:
            _register(answer)
    return answer


def _checked(story: Story) -> Story:
    words = clean(story.words).strip()
    if len(words) > WORDS_LIMIT:
        raise BadInput(_("This is too long. Please tell it in fewer words, or send the rest as a mail."), field="words")
    return Story(
        words=words,
        name=clean_line(story.name)[:300],
        email=normalise_email(story.email)[:320],
        phone=clean_line(story.phone)[:80],
    )


def register_due(now: datetime | None = None) -> int:
    """Make complaints of unhappy answers whose story did not come in time; how many."""
    moment = now or clock.now()
    waiting = SurveyAnswer.objects.filter(state=AnswerState.WAITING, due_at__lte=moment)
    made = 0
    for answer_id in waiting.order_by("due_at", "id").values_list("pk", flat=True)[:500]:
        with transaction.atomic():
            answer = (
                SurveyAnswer.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("survey")
                .filter(pk=answer_id, state=AnswerState.WAITING, due_at__lte=moment)
                .first()
            )
            if answer is not None:
                _register(answer)
                made += 1
    return made


def _register(answer: SurveyAnswer) -> Complaint:
    """The complaint of an unhappy answer whose row is locked; received when the customer clicked."""
    survey = answer.survey
    kind = kinds()[survey.kind]
    language = answer.language or unit_settings(survey.unit_id).language
    with translation.override(language):
        values = {"score": answer.score, "high": kind.high}
        subject = _("Not satisfied: %(score)s of %(high)s") % values
        if survey.kind == "effort":
            subject = _("Not satisfied, too much effort: %(score)s of %(high)s") % values
        without = _("%(subject)s. No words were left.") % {"subject": subject}
    given = dict(answer.attributes)
    product = clean_line(str(given.pop("product", "")))[:300] or survey.product
    complaint = register(
        actor=VISITOR,
        new=NewComplaint(
            channel="survey",
            complainant=Person(name=answer.name, email=answer.email, phone=answer.phone, language=answer.language),
            unit_id=survey.unit_id,
            subject=f"{subject} ({survey.name})"[:500],
            text=answer.words or without,
            product=product,
            attributes={
                **given,
                "survey": survey.name,
                "score": answer.score,
                "score_kind": survey.kind,
                "score_scale": kind.scale,
                "survey_answer": answer.pk,
                "survey_source": str(answer.source),
                **({} if answer.email or answer.phone else {"anonymous": "yes"}),
                **({} if answer.words else {"without_words": "yes"}),
            },
            source="survey",
            key=f"answer:{answer.pk}",
            received_at=answer.first_at,
        ),
    ).complaint
    answer.complaint, answer.state, answer.due_at = complaint, AnswerState.COMPLAINT, None
    answer.save(update_fields=["complaint", "state", "due_at"])
    return complaint


def _join(answer: SurveyAnswer, story: Story) -> None:
    """The late story, and the late address, in the complaint that was made without them."""
    complaint = Complaint.objects.select_related("customer").get(pk=answer.complaint_id or 0)
    reached = _fill_in(complaint.customer, story)
    words = story.words or (_("This is how you can reach me.") if reached else "")
    if words:
        receive_message(
            actor=customer_actor(complaint_id=complaint.pk, name=answer.name),
            complaint_id=complaint.pk,
            channel="survey",
            text=words,
            from_name=answer.name,
            from_address=answer.email,
        )


def _fill_in(customer: Customer, story: Story) -> bool:
    """Write a name, address or number where the case has none, so that somebody can answer; True when one was new."""
    missing = {
        name: value
        for name, value in (("name", story.name), ("email", story.email), ("phone", story.phone))
        if value and not getattr(customer, name)
    }
    named = missing.get("name", customer.name)
    if "email" in missing and Customer.objects.filter(email=missing["email"], name=named).exists():
        # Known already: two rows of one person may not carry the same address and name. The message carries both.
        missing.pop("email")
        missing.pop("name", None)
        missing.setdefault("user_name", story.email[:100])
    if missing:
        Customer.objects.filter(pk=customer.pk).update(**missing)
    return bool(missing)
