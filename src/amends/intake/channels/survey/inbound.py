"""Answers that come from other tools by webhook."""

from __future__ import annotations

from amends.core.errors import BadInput
from amends.core.text import clean_line
from amends.intake.channels.survey.answering import Click, Story, click, tell
from amends.intake.channels.survey.kinds import kinds, score_of
from amends.intake.channels.survey.models import AnswerSource, Survey
from amends.intake.webhooks.consumers import Mapped
from amends.intake.webhooks.mapping import moment_of

KEPT = ("order", "product")


def take_answer(mapped: Mapped) -> str:
    """Store an answer of another tool, and make a complaint of an unhappy one; the same answer again adds its new words.

    Raises:
        BadInput: the score is not on the survey's scale, or nothing says which survey it is for.
    """
    survey = Survey.objects.filter(webhook_id=mapped.webhook_id).first()
    if survey is None:
        raise BadInput("No survey is connected with this webhook.")
    fields = mapped.fields
    kind = kinds()[survey.kind]
    score = score_of(fields["score"], kind)
    if score is None:
        raise BadInput(
            f"The score {clean_line(fields['score'])[:40]!r} is not on the scale {kind.scale} of the survey."
        )
    attributes = dict(mapped.attributes) | {name: clean_line(fields[name])[:300] for name in KEPT if name in fields}
    answer = click(
        click=Click(
            survey_id=survey.pk,
            score=score,
            source=AnswerSource.WEBHOOK,
            once=f"webhook:{clean_line(fields['response_id'])[:180]}",
            language=fields.get("language", "")[:2].lower(),
            at=moment_of(fields.get("at", "")) or mapped.received_at,
            attributes=attributes,
        )
    )
    tell(
        answer_id=answer.pk,
        story=Story(
            words=fields.get("text", ""),
            name=fields.get("name", ""),
            email=fields.get("email", ""),
            phone=fields.get("phone", ""),
        ),
    )
    return f"answer:{answer.pk}"
