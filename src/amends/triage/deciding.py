"""The verbs of the lanes: the model's first answer, a person's decision, and taking it back."""

from __future__ import annotations

from django.db import transaction

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.cases.public import (
    OPEN_PHASES,
    Action,
    Complaint,
    Direction,
    Message,
    Outcome,
    access_complaint,
    announce_change,
    move,
    record_assessment,
)
from amends.core import clock
from amends.core.errors import BadInput, Conflict
from amends.core.events import publish
from amends.core.text import clean
from amends.triage.assess import assess
from amends.triage.events import LaneDecided
from amends.triage.lanes import LABEL_OF, Facts, LaneName, lane_of
from amends.triage.learned.model import model
from amends.triage.models import JudgedMessage, Lane, LaneDecision
from amends.triage.values import Assessment

MOST_DONE = 2_000


def thresholds_version() -> str:
    """The model's version with its two thresholds, as kept with each lane."""
    used = model().description
    return f"{used.version} {used.low:.3f}-{used.high:.3f}"


def sort_by_model(*, actor: Actor, complaint: Complaint, said: Assessment) -> Lane:
    """Put a message into the lane that its assessment speaks for; a person's decision stays.

    Call it inside the transaction of the assessment, with the complaint locked.
    """
    known = Lane.objects.filter(complaint=complaint).first()
    if known is not None and known.by_person:
        return known
    used = model().description
    delicate = said.safety or said.legal_or_media or said.vulnerable
    facts = Facts(said.label, said.probability, said.language, complaint.channel, delicate, used.low, used.high)
    lane = lane_of(facts)
    before = known.lane if known is not None else ""
    values = {
        "lane": lane.value,
        "probability": said.probability,
        "thresholds": thresholds_version(),
        "received_at": complaint.received_at,
        "decided_at": clock.now(),
    }
    row = known or Lane(complaint=complaint)
    for name, value in values.items():
        setattr(row, name, value)
    # The case is locked: nobody else writes its lane meanwhile.
    row.save(force_insert=known is None, update_fields=None if known is None else list(values))
    if before != lane:
        _told(actor, complaint, before, lane, by_person=False)
    return row


def _told(
    actor: Actor, complaint: Complaint, before: str, after: str, *, by_person: bool, taken_back: bool = False
) -> None:
    record(
        actor=actor,
        chain=f"complaint:{complaint.pk}",
        kind="lane_decided",
        data={"before": before, "after": str(after), "by_person": by_person, "taken_back": taken_back},
    )
    publish(LaneDecided(complaint_id=complaint.pk, before=before, after=str(after), by_person=by_person))
    announce_change(complaint)


def decide_lane(*, actor: Actor, complaint_id: int, lane: str, done: str = "") -> Lane:
    """Say what a message is. A complaint is answered as one, its clocks counting from the receipt; a concern is resolved by
    what was done; something else is set aside, its clocks stopped, and can become a complaint at any time.

    Raises:
        BadInput: there is no such lane, or it is not said what put the concern right.
        Conflict: the case is done already: reopen it first.
    """
    actor.require(Permission.CASE_WORK)
    wanted, done = _checked(lane, done)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        if complaint.phase not in OPEN_PHASES:
            raise Conflict("This case is done already. Reopen it before you say that it is something else.")
        row = _row(complaint)
        before = row.lane
        if before == wanted and row.by_person:
            return row
        _keep(actor, row, before, wanted, done)
        _follow(actor, complaint, before, wanted, done)
    return row


def _checked(lane: str, done: str) -> tuple[LaneName, str]:
    if lane not in LABEL_OF:
        raise BadInput(f"Choose one of: {', '.join(LABEL_OF)}.", field="lane")
    done = clean(done).strip()[:MOST_DONE]
    wanted = LaneName(lane)
    if wanted is LaneName.CONCERN and not done:
        raise BadInput("Say what was done to put it right.", field="done")
    return wanted, done if wanted is LaneName.CONCERN else ""


def _row(complaint: Complaint) -> Lane:
    """The lane of a complaint; one that was never sorted waits for a person."""
    found = Lane.objects.filter(complaint=complaint).first()
    return found or Lane(
        complaint=complaint,
        lane=LaneName.TO_DECIDE,
        probability=complaint.probability,
        thresholds=thresholds_version(),
        received_at=complaint.received_at,
    )


def _keep(actor: Actor, row: Lane, before: str, wanted: LaneName, done: str, *, taken_back: bool = False) -> None:
    row.lane, row.done, row.decided_at = wanted.value, done, clock.now()
    row.by_person = wanted is not LaneName.TO_DECIDE and not (taken_back and not _decided_before(row))
    row.by_id = actor.user_id if row.by_person else None
    row.by_name = actor.name[:300] if row.by_person else ""
    row.save()
    LaneDecision.objects.create(
        complaint=row.complaint,
        before=before,
        after=wanted.value,
        taken_back=taken_back,
        probability=row.probability,
        thresholds=row.thresholds,
        done=done,
        by_id=actor.user_id,
        by_name=actor.name[:300],
    )


def _decided_before(row: Lane) -> bool:
    """Whether a person had decided before the decision that is being taken back."""
    return LaneDecision.objects.filter(complaint=row.complaint, taken_back=False).count() > 1


def _follow(actor: Actor, complaint: Complaint, before: str, wanted: LaneName, done: str) -> None:
    """What a decision means for the case: its label, its clocks (by the event), and the end of a concern.

    The event goes first: the clocks run or stand still before a letter is thought of, or a concern resolved.
    """
    _told(actor, complaint, before, wanted, by_person=True)
    label = LABEL_OF.get(wanted)
    if label is not None and complaint.label != label:
        record_assessment(actor=actor, complaint_id=complaint.pk, values={"label": label}, corrected=True)
    if wanted is LaneName.CONCERN:
        move(
            actor=actor,
            complaint_id=complaint.pk,
            action=Action.RESOLVE,
            outcome=Outcome.RESOLVED_INFORMALLY,
            reason=done,
        )


def take_back_lane(*, actor: Actor, complaint_id: int) -> Lane:
    """Take the last decision about the lane back; the case is in the lane it was in before, a concern is open again.

    Raises:
        Conflict: nobody has decided, or the last decision was taken back already.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        last = LaneDecision.objects.filter(complaint=complaint).order_by("-id").first()
        row = _row(complaint)
        if last is None or last.taken_back or last.after != row.lane:
            raise Conflict("There is no decision to take back.")
        if last.after == LaneName.CONCERN and complaint.phase not in OPEN_PHASES:
            move(
                actor=actor,
                complaint_id=complaint.pk,
                action=Action.REOPEN,
                reason="The decision that it was a concern put right at once was taken back.",
            )
        before = LaneName(last.before)
        _keep(actor, row, last.after, before, _done_of(complaint, before), taken_back=True)
        _told(actor, complaint, last.after, before, by_person=True, taken_back=True)
        label = LABEL_OF.get(before, "complaint")
        complaint.refresh_from_db(fields=["label"])
        if complaint.label != label:
            record_assessment(actor=actor, complaint_id=complaint.pk, values={"label": label}, corrected=True)
    return row


def _done_of(complaint: Complaint, before: LaneName) -> str:
    """What had been done, when the lane before was a concern."""
    if before is not LaneName.CONCERN:
        return ""
    known = LaneDecision.objects.filter(complaint=complaint, after="concern", taken_back=False).order_by("-id").first()
    return known.done if known is not None else "–"


def follow_correction(*, actor: Actor, complaint: Complaint, label: str) -> None:
    """A corrected label says the lane too. A concern stays to be put right: what was done has not been said."""
    wanted = {"complaint": LaneName.COMPLAINT, "other": LaneName.OTHER}.get(label)
    row = _row(complaint)
    if wanted is None or row.lane == wanted:
        return
    before = row.lane
    _keep(actor, row, before, wanted, "")
    _told(actor, complaint, before, wanted, by_person=True)


def judge_message(*, actor: Actor, message_id: int) -> JudgedMessage | None:
    """Note how likely a later message expresses dissatisfaction; None when there is no such message of a customer.

    In a case that was set aside, also by a person, an unhappy later message is a new question for a person: until it is
    answered the case is treated as a complaint. The same message again changes nothing.
    """
    with transaction.atomic():
        message = Message.objects.filter(pk=message_id, direction=Direction.IN).first()
        if message is None:
            return None
        complaint = access_complaint(actor, message.complaint_id, lock=True)
        known = JudgedMessage.objects.filter(message=message).first()
        if known is not None:
            return known
        said = assess(message.text, channel=message.channel, subject="", language_hint=complaint.language)
        judged = JudgedMessage.objects.create(
            message=message, probability=said.probability, thresholds=thresholds_version()
        )
        row = Lane.objects.filter(complaint=complaint, lane=LaneName.OTHER).first()
        if row is not None and said.probability >= model().description.low:
            row.lane, row.by_person, row.by_id, row.by_name = LaneName.TO_DECIDE.value, False, None, ""
            row.probability, row.thresholds, row.decided_at = said.probability, judged.thresholds, clock.now()
            row.save()
            _told(actor, complaint, LaneName.OTHER, LaneName.TO_DECIDE, by_person=False)
    return judged
