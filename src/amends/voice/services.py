"""The acknowledgement: the first personal answer, once, whatever crashes."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from amends.accounts.public import SYSTEM
from amends.cases.public import (
    Complaint,
    Direction,
    Label,
    Message,
    MessageState,
    Phase,
    access_complaint,
    queue_message,
    recipient_address,
)
from amends.core import clock
from amends.notifications.public import notify
from amends.triage.public import LaneName, assess_complaint, lane_name
from amends.voice.context import letter_context, letter_language
from amends.voice.decision import Acknowledge, Facts, decide
from amends.voice.people import responsible_for
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
    Acknowledge.BY_A_PERSON: "{reference}: safety or legal matter, write the first answer yourself",
    Acknowledge.BY_PHONE: "{reference}: no e-mail address, acknowledge by phone or letter",
    Acknowledge.PERHAPS_NO_COMPLAINT: "{reference}: looks like no complaint, so no letter went out; please check",
}
_GONE_OUT = (MessageState.QUEUED, MessageState.SENDING, MessageState.SENT, MessageState.DELIVERED)


def acknowledge(*, complaint_id: int) -> Acknowledge:
    """Send the first letter, or call the people who must write it; what was decided. Safe to run again and again.

    Nothing automatic leaves before it is known whether somebody was hurt: a case that was not assessed yet is assessed
    here, and one that cannot be assessed is for a person.
    """
    with transaction.atomic():
        waiting = access_complaint(SYSTEM, complaint_id, lock=True)
        understood = waiting.assessed_at is not None or _assess_now(complaint_id)
        complaint = access_complaint(SYSTEM, complaint_id)
        decision = decide(_facts(complaint, understood=understood))
        if decision is Acknowledge.BY_LETTER:
            _send(complaint)
        elif decision in ALERTS:
            notify(
                users=responsible_for(complaint),
                kind="acknowledge_yourself",
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
    out = Message.objects.filter(complaint=complaint, direction=Direction.OUT, state__in=_GONE_OUT)
    return Facts(
        phase=complaint.phase,
        acknowledged=complaint.acknowledged_at is not None,
        waits_for_us=complaint.waiting_for_us_since is not None,
        answered=out.exists(),
        sensitive=complaint.safety or complaint.legal_or_media or not understood,
        other=_put_aside(complaint),
        reachable=bool(recipient_address(complaint)),
    )


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
    letter = render("acknowledgement", language, context)
    queue_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        kind="acknowledgement",
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        purpose=PURPOSE,
        language=letter.language,
        automatic=True,
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
        .exclude(messages__direction=Direction.OUT, messages__state__in=_GONE_OUT)
        .exclude(customer__email="", representative=None)
        .order_by("registered_at", "id")
        .values_list("pk", flat=True)[:BATCH]
    )
