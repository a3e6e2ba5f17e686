"""Sending invitations: one for each recipient, with a Message-ID of its own that never changes, and not too many at once.

As for the mail of cases: taken by comparison (`sending` is committed before anything leaves) under a lock of the
database session. Who finds an invitation in `sending` whose lock is free knows that its sender died; there, unlike for
letters of a case, it is NOT sent again by itself: a survey is worth less than a second copy of it annoys. It is
`interrupted` then, which the survey's page shows, and a person may have it sent again (with the same Message-ID).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from html import escape

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from amends.accounts.public import unit_settings
from amends.cases.public import take_from_budget
from amends.core import clock
from amends.core.ids import sign
from amends.intake.channels.email.composing import OutgoingMail, UnusableAddressError, compose, wire_address
from amends.intake.channels.email.model import Address
from amends.intake.channels.email.outbox import RefusedForGoodError, TryLaterError, hand_over
from amends.intake.channels.survey import recipients
from amends.intake.channels.survey.kinds import kinds
from amends.intake.channels.survey.models import RecipientState, Survey, SurveyRecipient
from amends.intake.channels.survey.questions import ends_of, greeting, question_of
from amends.intake.channels.survey.tokens import token_of

AT_ONCE = 60
"""Invitations a run sends; there is a run every 20 seconds, so letters of cases are never stuck behind a campaign."""
PAUSES = (1, 5, 30, 120, 480)
PAGE = '<div style="max-width:38em;font-family:system-ui,sans-serif;font-size:16px;line-height:1.55">{body}</div>'
BUTTON = (
    '<a href="{url}" style="display:inline-block;min-width:1.6em;padding:10px 8px;margin:2px;border:1px solid #87837a;'
    'border-radius:6px;text-align:center;text-decoration:none;color:#1c5d9f">{score}</a>'
)


def send_due() -> int:
    """Send what is due, at most `AT_ONCE`; how many left."""
    _give_up_interrupted()
    due = SurveyRecipient.objects.filter(
        state=RecipientState.QUEUED, not_before__lte=clock.now(), survey__closed_at=None
    ).order_by("not_before", "id")
    return sum(_deliver(one) for one in list(due.values_list("pk", flat=True)[:AT_ONCE]))


def _deliver(recipient_id: int) -> bool:
    with _alone(recipient_id) as alone:
        if not alone:
            return False
        won = SurveyRecipient.objects.filter(pk=recipient_id, state=RecipientState.QUEUED).update(
            state=RecipientState.SENDING, attempts=F("attempts") + 1
        )
        if not won:
            return False
        recipient = SurveyRecipient.objects.select_related("survey").get(pk=recipient_id)
        if recipients.has_stopped(recipient.email):  # on this very list, or on another one since the list was made
            _settle(recipient, RecipientState.CANCELLED, recipients.ASKED_TO_STOP)
            return False
        held = take_from_budget(recipient=recipient.email, complaint_id=None, automatic=True)
        if held is not None:
            _put_back(recipient, held.until)
            return False
        sender = unit_settings(recipient.survey.unit_id).sender_email or settings.AMENDS_MAILBOX
        try:
            hand_over(composed(recipient), sender, wire_address(recipient.email))
        except (UnusableAddressError, RefusedForGoodError) as refused:
            _settle(recipient, RecipientState.FAILED, str(refused))
            return False
        except TryLaterError as later:
            _again(recipient, str(later))
            return False
        SurveyRecipient.objects.filter(pk=recipient_id).update(
            state=RecipientState.SENT, sent_at=clock.now(), state_reason=""
        )
    return True


def _settle(recipient: SurveyRecipient, state: RecipientState, reason: str) -> None:
    SurveyRecipient.objects.filter(pk=recipient.pk).update(state=state, state_reason=reason[:300])


def _put_back(recipient: SurveyRecipient, until: datetime) -> None:
    """This address has had enough automatic mail for now, whatever kind it was: the question can wait."""
    SurveyRecipient.objects.filter(pk=recipient.pk).update(
        state=RecipientState.QUEUED,
        attempts=F("attempts") - 1,
        not_before=until,
        state_reason="The send budget of this address is used up for now.",
    )


def _again(recipient: SurveyRecipient, reason: str) -> None:
    if recipient.attempts > len(PAUSES):
        _settle(recipient, RecipientState.FAILED, f"Given up. {reason}")
        return
    at: datetime = clock.now() + timedelta(minutes=PAUSES[recipient.attempts - 1])
    SurveyRecipient.objects.filter(pk=recipient.pk).update(
        state=RecipientState.QUEUED, not_before=at, state_reason=reason[:300]
    )


def _give_up_interrupted() -> None:
    """Whoever left an invitation in `sending` is dead when its lock is free."""
    for recipient_id in SurveyRecipient.objects.filter(state=RecipientState.SENDING).values_list("pk", flat=True)[:100]:
        with _alone(recipient_id) as alone:
            if alone:
                SurveyRecipient.objects.filter(pk=recipient_id, state=RecipientState.SENDING).update(
                    state=RecipientState.INTERRUPTED,
                    state_reason="Interrupted while it was sent; it may have arrived, so it is not sent again by itself.",
                )


@contextmanager
def _alone(recipient_id: int) -> Iterator[bool]:
    """Hold the right to send this invitation; freed by the database when we die."""
    key = f"survey-invitation:{recipient_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 7303))", [key])
        (alone,) = cursor.fetchone() or (False,)
    try:
        yield bool(alone)
    finally:
        if alone and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 7303))", [key])


def message_id_of(recipient: SurveyRecipient) -> str:
    """The one Message-ID of an invitation, in angle brackets."""
    return f"<{sign('survey-message', recipient.key.hex)}.s{recipient.pk}@{settings.AMENDS_MAIL_DOMAIN}>"


def own_address(recipient: SurveyRecipient) -> str:
    """The recipient's own link."""
    return f"{settings.AMENDS_PUBLIC_URL}/ask/me/{token_of('survey-recipient', recipient.key)}/"


def stop_address(recipient: SurveyRecipient) -> str:
    """Where a POST is enough not to be asked again."""
    return f"{own_address(recipient)}stop/"


def composed(recipient: SurveyRecipient) -> EmailMessage:
    """The invitation, in the recipient's language."""
    survey: Survey = recipient.survey
    house = unit_settings(survey.unit_id)
    known = dict(settings.LANGUAGES)
    language = next((one for one in (recipient.language[:2], house.language) if one in known), "en")
    with translation.override(language):
        question = question_of(survey, house.sender_name)
        low, high = ends_of(survey)
        lines = [
            greeting(recipient.name),
            question,
            _("Choose a number; one click is enough, and if something went wrong you can say so on the page."),
        ]
        ends = f"{kinds()[survey.kind].low}: {low} – {kinds()[survey.kind].high}: {high}"
        last = _("If you would rather not be asked again, press the button for it on the same page.")
        title = _("One question from %(house)s") % {"house": house.sender_name}
    url = own_address(recipient)
    buttons = " ".join(BUTTON.format(url=f"{url}?score={one}", score=one) for one in kinds()[survey.kind].scores)
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    ending = f"<p>{escape(last)}</p><p>{escape(house.sender_name)}</p>"
    html = PAGE.format(body=f"{paragraphs}<p>{buttons}</p><p>{escape(ends)}</p>{ending}")
    sender = house.sender_email or settings.AMENDS_MAILBOX
    return compose(
        OutgoingMail(
            sender=Address(house.sender_name, sender),
            recipient=Address("", recipient.email),
            reply_to=Address(house.sender_name, sender),
            subject=title,
            text="\n\n".join([*lines, url, ends, last, house.sender_name]),
            html=html,
            message_id=message_id_of(recipient),
            date=recipient.created_at,
            automatic=True,
            unsubscribe=stop_address(recipient),
        )
    )
