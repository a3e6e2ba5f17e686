"""The acknowledgement: the first personal answer, once, whatever crashes."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Unit, actor_for_user, unit_settings
from amends.cases.public import (
    Complaint,
    Direction,
    Label,
    Message,
    MessageState,
    Phase,
    access_complaint,
    cancel_message,
    queue_message,
    recipient_address,
    responsible_ids,
)
from amends.core import clock
from amends.core.together import piece_of_work
from amends.notifications.public import Alert, notify, raise_alert, settle
from amends.triage.public import LaneName, assess_complaint, lane_name
from amends.voice.choosing import LetterFacts, choose_letter
from amends.voice.configured import configured_choice
from amends.voice.context import letter_context, letter_language
from amends.voice.decision import Acknowledge, Facts, decide
from amends.voice.mourning_words import speaks_of_a_death
from amends.voice.people import line_above
from amends.voice.regimes import regimes_of
from amends.voice.rendering import render

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
PURPOSE = "acknowledgement"
CATCH_UP_AFTER = timedelta(minutes=2)
CATCH_UP_UNTIL = timedelta(days=7)
"""An automatic first letter a week later would hurt more than it helps; the alarm has called people long ago."""
BATCH = 200
SURELY_NO_COMPLAINT = 0.3
"""Only for what was assessed before there were lanes: below this probability mail labelled as something else gets no letter."""
ALERTS = {
    Acknowledge.BY_PHONE: "{reference}: no e-mail address, acknowledge by phone or letter",
    Acknowledge.PERHAPS_NO_COMPLAINT: "{reference}: looks like no complaint, so no letter went out; please check",
}
ALERT_KIND = "acknowledge_yourself"
MINUTES = 5
"""How long each level has to take up a first answer that a person must write."""
SOON = timedelta(minutes=5)
"""A message that leaves within this time is an answer; one that is planned for later lets the customer wait until then."""
_GONE = (MessageState.SENDING, MessageState.SENT, MessageState.DELIVERED)


def acknowledge(*, complaint_id: int) -> Acknowledge:
    """Send the first letter, or call the people who must write it; what was decided. Safe to run again and again.

    Nothing automatic leaves before it is known whether somebody was hurt: a case that was not assessed yet is assessed
    here, and one that cannot be assessed is for a person.
    """
    with piece_of_work():
        waiting = access_complaint(SYSTEM, complaint_id, lock=True)
        understood = waiting.assessed_at is not None or _assess_now(complaint_id)
        complaint = access_complaint(SYSTEM, complaint_id)
        decision = decide(_facts(complaint, understood=understood))
        if decision is Acknowledge.BY_LETTER:
            _send(complaint)
        elif decision is Acknowledge.BY_A_PERSON:
            _call_people(complaint, attempt=0)
        elif decision in ALERTS:
            notify(
                users=responsible_ids(complaint),
                kind=ALERT_KIND,
                title=ALERTS[decision].format(reference=complaint.reference),
                url=f"/cases/{complaint.reference}/",
                complaint_id=complaint.pk,
                key=f"acknowledge:{decision.value}:{complaint.pk}",
            )
    return decision


def _assess_now(complaint_id: int) -> bool:
    """Assess a case whose own job was late or failed; whether that worked."""
    try:
        with transaction.atomic():
            assess_complaint(actor=SYSTEM, complaint_id=complaint_id)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the job is tried again
    except Exception:  # whatever the rules stumbled over, a person can read it
        log.exception("assessment failed before the acknowledgement", complaint=complaint_id)
        return False
    return True


def _facts(complaint: Complaint, *, understood: bool) -> Facts:
    mourning = speaks_of_a_death(complaint.subject, complaint.text)
    return Facts(
        phase=complaint.phase,
        acknowledged=complaint.acknowledged_at is not None,
        waits_for_us=complaint.waiting_for_us_since is not None,
        answered=_answers(clock.now()).filter(complaint=complaint).exists(),
        sensitive=complaint.safety or complaint.legal_or_media or mourning or not understood,
        other=_put_aside(complaint),
        reachable=bool(recipient_address(complaint)),
    )


def _answers(now: datetime) -> QuerySet[Message]:
    """Messages to customers that left, or leave within minutes."""
    waits = Q(state=MessageState.QUEUED) & (Q(not_before=None) | Q(not_before__lte=now + SOON))
    return Message.objects.filter(Q(state__in=_GONE) | waits, direction=Direction.OUT)


def _call_people(complaint: Complaint, *, attempt: int) -> Alert | None:
    """Let the alert climb that a person must write the first answer; a later attempt begins with the leads."""
    key = f"acknowledge:{Acknowledge.BY_A_PERSON.value}:{complaint.pk}"
    levels = line_above(complaint)

    def title() -> str:
        if attempt:
            words = _("nobody has written to the customer yet: write the first answer, or see to it")
        else:
            words = _("safety, legal matter or a death: write the first answer yourself")
        return f"{complaint.reference}: {words}"

    return raise_alert(
        levels=(levels[1:] if attempt and any(levels[1:]) else levels),
        kind=ALERT_KIND,
        title=title,
        url=f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=f"{key}:{attempt}" if attempt else key,
        minutes=MINUTES,
    )


def call_again(now: datetime | None = None) -> int:
    """Where somebody took up a sensitive case and nobody has written within the set minutes, the leads are alarmed; how
    many alerts were raised. No letter ever goes instead. Safe to run again and again."""
    moment = now or clock.now()
    alerts = Alert.objects.filter(kind=ALERT_KIND, complaint_id=OuterRef("pk"))
    recent = moment - timedelta(minutes=settings.AMENDS_FIRST_ANSWER_MINUTES)
    active = alerts.filter(Q(climbs_at__isnull=False) | Q(answered_at__gt=recent) | Q(raised_at__gt=recent))
    waiting = (
        Complaint.objects.filter(
            Exists(alerts),
            phase__in=[Phase.RECEIVED, Phase.REGISTERED],
            acknowledged_at=None,
            waiting_for_us_since__isnull=False,
        )
        .exclude(Exists(active))
        .exclude(Exists(_answers(moment).filter(complaint=OuterRef("pk"))))
        .select_related("unit", "owner")
        .order_by("registered_at", "id")[:BATCH]
    )
    raised = 0
    for complaint in waiting:
        with transaction.atomic():
            attempt = Alert.objects.filter(kind=ALERT_KIND, complaint_id=complaint.pk).count()
            raised += _call_people(complaint, attempt=attempt) is not None
    return raised


def make_way(*, message_id: int) -> bool:
    """A person answers: the automatic letter that has not left yet does not go, and nobody is called any more.

    True when a letter was stopped. An answer that is planned for later stops nothing: the customer would wait until then.
    """
    now = clock.now()
    answer = _answers(now).filter(pk=message_id, automatic=False).select_related("author").first()
    if answer is None:
        return False
    actor = actor_for_user(answer.author) if answer.author else SYSTEM
    settle(complaint_id=answer.complaint_id, kinds=frozenset({ALERT_KIND}), by=actor)
    letters = Message.objects.filter(
        complaint_id=answer.complaint_id, kind=PURPOSE, automatic=True, state=MessageState.QUEUED
    )
    stopped = [cancel_message(actor=SYSTEM, message_id=pk) for pk in letters.values_list("pk", flat=True)]
    return any(stopped)


def _put_aside(complaint: Complaint) -> bool:
    """Whether it is something else: by its lane, or before there were lanes by what its mail was surely labelled."""
    lane = lane_name(complaint.pk)
    if lane:
        return lane == LaneName.OTHER
    surely = complaint.label == Label.OTHER and (complaint.probability or 0) < SURELY_NO_COMPLAINT
    return surely and complaint.channel == "email"


def _send(complaint: Complaint) -> None:
    language = letter_language(complaint)
    context = letter_context(complaint, language=language)
    concern = complaint.label != Label.COMPLAINT
    context |= {
        "concern": "yes" if concern else "",
        "concern_about": context["about"] if concern else "",
        "about_only": context["about"] if context["about"] and not context["points"] else "",
    }
    name = choose_letter(configured_choice(), PURPOSE, _letter_facts(complaint, language))
    letter = render(name, language, context)
    queue_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        kind=PURPOSE,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        purpose=_free_purpose(complaint),
        language=letter.language,
        automatic=True,
    )


def _free_purpose(complaint: Complaint) -> str:
    """The purpose that makes the letter the only one. A letter that was stopped for a person's answer, which was then taken
    back, does not stand in the way of the next."""
    stopped = Message.objects.filter(complaint=complaint, kind=PURPOSE, state=MessageState.CANCELLED).count()
    return f"{PURPOSE}:{stopped + 1}" if stopped else PURPOSE


def _letter_facts(complaint: Complaint, language: str) -> LetterFacts:
    above = [int(part) for part in unit_settings(complaint.unit_id).path.strip("/").split("/") if part]
    keys = dict(Unit.objects.filter(pk__in=above).values_list("pk", "key"))
    units = tuple(keys[pk] for pk in above if pk in keys)
    return LetterFacts(
        channel=complaint.channel,
        category=complaint.category,
        severity=complaint.severity,
        language=language,
        regimes=regimes_of(complaint),
        organisation=units[0] if units else "",
        units=units,
    )


def overdue_acknowledgements(now: datetime | None = None) -> list[int]:
    """Ids of complaints that should have been acknowledged by themselves and were not, oldest first: the assessment
    failed, was late, or a worker died."""
    moment = now or clock.now()
    return list(
        Complaint.objects.filter(
            phase__in=[Phase.RECEIVED, Phase.REGISTERED],
            acknowledged_at=None,
            waiting_for_us_since__isnull=False,
            registered_at__lte=moment - CATCH_UP_AFTER,
            registered_at__gt=moment - CATCH_UP_UNTIL,
        )
        .exclude(Q(safety=True) | Q(legal_or_media=True), assessed_at__isnull=False)
        .exclude(lane__lane=LaneName.OTHER)
        .exclude(lane=None, label=Label.OTHER, assessed_at__isnull=False, probability__lt=SURELY_NO_COMPLAINT)
        .exclude(Exists(_answers(moment).filter(complaint=OuterRef("pk"))))
        .exclude(Exists(Alert.objects.filter(kind=ALERT_KIND, complaint_id=OuterRef("pk"))))
        .exclude(customer__email="", representative=None)
        .order_by("registered_at", "id")
        .values_list("pk", flat=True)[:BATCH]
    )
