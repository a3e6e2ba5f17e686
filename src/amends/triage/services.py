"""The verbs of triage: assess a complaint by the rules, and set right what they got wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.cases.public import Complaint, access_complaint, record_assessment
from amends.core import clock
from amends.core.together import piece_of_work
from amends.triage.assess import RULES_VERSION, assess
from amends.triage.corrections import checked
from amends.triage.deciding import follow_correction, sort_by_model
from amends.triage.models import Correction, StoredAssessment
from amends.triage.selectors import corrected_fields, unassessed_ids
from amends.triage.values import Assessment

log = structlog.get_logger(__name__)

RULED_FIELDS = (
    "language",
    "label",
    "category",
    "severity",
    "sentiment",
    "probability",
    "safety",
    "vulnerable",
    "legal_or_media",
)
OVERDUE_AFTER = timedelta(minutes=2)
"""A complaint that nobody has assessed after this time is caught up with: its job was lost, or it was imported."""
CATCH_UP_SECONDS = 40.0


def assess_complaint(*, actor: Actor, complaint_id: int) -> StoredAssessment:
    """Assess a complaint by the rules and write the result into the case; the same words again change nothing.

    Fields that a person corrected stay as they are. Points are added only while the case has none.

    Raises:
        NotFound: there is no such complaint, or it is not the actor's to see.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    with piece_of_work():
        complaint = access_complaint(actor, complaint_id, lock=True)
        digest = _digest(complaint)
        known = StoredAssessment.objects.filter(complaint=complaint).first()
        if known is not None and (known.digest, known.rules_version) == (digest, RULES_VERSION):
            return known
        said = assess(
            complaint.text, channel=complaint.channel, subject=complaint.subject, language_hint=complaint.language
        )
        stored = _store(complaint, said, digest)
        kept = corrected_fields(complaint.pk)
        values = {field: value for field, value in _values(said).items() if field not in kept}
        points = [(point.words, point.aspect) for point in said.points]
        # The lane first: whoever reacts to the assessment asks for it.
        lane = sort_by_model(actor=actor, complaint=complaint, said=said)
        if lane.by_person:
            values.pop("label", None)
        record_assessment(actor=actor, complaint_id=complaint.pk, values=values, points=points)
    return stored


def _digest(complaint: Complaint) -> str:
    """What an assessment depends on, so that doing the job twice is doing it once."""
    parts = (complaint.channel, complaint.subject, complaint.text)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _values(said: Assessment) -> dict[str, Any]:
    values = {field: getattr(said, field) for field in RULED_FIELDS}
    return {**values, "desired_outcome": said.desired_outcome or ""}


def _store(complaint: Complaint, said: Assessment, digest: str) -> StoredAssessment:
    told = said.as_json()
    reasons = told.pop("reasons")
    stored = StoredAssessment(
        complaint=complaint,
        rules_version=RULES_VERSION,
        digest=digest,
        values=told,
        reasons=reasons,
        assessed_at=clock.now(),
    )
    StoredAssessment.objects.bulk_create(
        [stored],
        update_conflicts=True,
        unique_fields=["complaint"],
        update_fields=["rules_version", "digest", "values", "reasons", "assessed_at"],
    )
    return stored


def correct(*, actor: Actor, complaint_id: int, values: Mapping[str, Any]) -> Complaint:
    """Set fields of an assessment right; what is right already stays as it is.

    Raises:
        NotAllowed: the actor may not work on cases.
        BadInput: a field cannot be corrected, or a value does not fit it.
    """
    actor.require(Permission.CASE_WORK)
    wanted = checked(values)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        changed = {field: value for field, value in wanted.items() if getattr(complaint, field) != value}
        if not changed:
            return complaint
        Correction.objects.bulk_create(
            Correction(
                complaint=complaint,
                field=field,
                before=getattr(complaint, field),
                after=value,
                by_id=actor.user_id,
                by_name=actor.name[:300],
                at=clock.now(),
            )
            for field, value in changed.items()
        )
        if "label" in changed:
            follow_correction(actor=actor, complaint=complaint, label=changed["label"])
        return record_assessment(actor=actor, complaint_id=complaint.pk, values=changed, corrected=True)


def catch_up(*, now: datetime | None = None, seconds: float = CATCH_UP_SECONDS) -> int:
    """Assess complaints that nobody has assessed in time, oldest first, for at most so many seconds; returns how many.

    One that cannot be assessed is logged by its id and does not stop the others.
    """
    moment = now or clock.now()
    until = clock.now() + timedelta(seconds=seconds)
    done = 0
    for complaint_id in unassessed_ids(registered_before=moment - OVERDUE_AFTER):
        if clock.now() > until:
            break
        try:
            assess_complaint(actor=SYSTEM, complaint_id=complaint_id)
        except Exception:  # one broken row must not keep thousands of imported ones waiting
            log.exception("triage.catch_up_failed", complaint=complaint_id)
        else:
            done += 1
    return done
