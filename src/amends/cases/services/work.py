"""The verbs of handling a case: move, assign, assess, points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from amends.accounts.public import Actor, Permission, Team, TeamMember, User, actor_for_user
from amends.audit.public import record
from amends.cases import lifecycle
from amends.cases.events import (
    ComplaintAcknowledged,
    ComplaintAssessed,
    OwnerChanged,
    PhaseChanged,
    PointsChanged,
    TeamChanged,
)
from amends.cases.lifecycle import Action, Phase
from amends.cases.models import Complaint, Outcome, Point
from amends.cases.news import announce_change
from amends.cases.policy import access_complaint, sees
from amends.core import clock
from amends.core.errors import BadInput, Refused
from amends.core.events import publish
from amends.core.text import clean, clean_line
from amends.core.together import known, together


def move(
    *, actor: Actor, complaint_id: int, action: str, reason: str = "", outcome: str = "", at: datetime | None = None
) -> Complaint:
    """Move a complaint to its next phase.

    Args:
        reason: required where the lifecycle says so; kept in the record.
        outcome: required to resolve.

    Raises:
        Conflict: the move is not possible in this phase.
        BadInput: the reason or outcome is missing.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    reason = clean(reason).strip()
    if action not in Action.values:
        raise BadInput(f"There is no move {action!r}; choose from {', '.join(Action.values)}.", field="action")
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        before, after = complaint.phase, lifecycle.next_phase(complaint.phase, action)
        if lifecycle.needs_reason(action) and not reason:
            raise BadInput("Say why, in a sentence a colleague will understand next year.", field="reason")
        moment = at or clock.now()
        changed = ["phase", "last_activity_at", *_consequences(complaint, action, reason, outcome, moment)]
        complaint.phase = after
        complaint.last_activity_at = moment
        complaint.save(update_fields=changed)
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="phase_changed",
            data={"before": before, "after": after, "action": action, "outcome": outcome, "has_reason": bool(reason)},
        )
        if action == Action.ACKNOWLEDGE:
            publish(ComplaintAcknowledged(complaint_id=complaint.pk, at=moment, automatic=False))
        publish(PhaseChanged(complaint_id=complaint.pk, before=before, after=after, action=action, at=moment))
        announce_change(complaint)
    return complaint


def _consequences(complaint: Complaint, action: str, reason: str, outcome: str, moment: datetime) -> list[str]:
    """Set what belongs to a move besides the phase; the names of the changed fields."""
    if action == Action.ACKNOWLEDGE:
        complaint.acknowledged_at = complaint.acknowledged_at or moment
        return ["acknowledged_at"]
    if action == Action.RESOLVE:
        if outcome not in Outcome.values:
            raise BadInput(f"Choose an outcome: {', '.join(Outcome.values)}.", field="outcome")
        complaint.outcome, complaint.outcome_reason, complaint.resolved_at = outcome, reason, moment
        return ["outcome", "outcome_reason", "resolved_at"]
    if action == Action.CLOSE:
        complaint.closed_at = moment
        return ["closed_at"]
    if action == Action.REOPEN:
        complaint.outcome, complaint.outcome_reason, complaint.resolved_at, complaint.closed_at = "", "", None, None
        complaint.waiting_for_us_since = complaint.waiting_for_us_since or moment
        return ["outcome", "outcome_reason", "resolved_at", "closed_at", "waiting_for_us_since"]
    if action in (Action.WITHDRAW, Action.DECLARE_OUT_OF_JURISDICTION):
        complaint.outcome_reason, complaint.closed_at = reason, moment
        return ["outcome_reason", "closed_at"]
    return []


def take(*, actor: Actor, complaint_id: int) -> Complaint:
    """Make the case one's own."""
    if actor.user_id is None:
        raise Refused("Only a member of staff can own a case.")
    return assign(actor=actor, complaint_id=complaint_id, owner_id=actor.user_id)


def assign(*, actor: Actor, complaint_id: int, owner_id: int | None) -> Complaint:
    """Give the case to somebody who may see it, or to nobody.

    Raises:
        BadInput: that person is not active or may not see the case.
    """
    actor.require(Permission.CASE_WORK if owner_id == actor.user_id else Permission.CASE_ASSIGN)
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        before = complaint.owner_id
        if before == owner_id:
            return complaint
        if owner_id is not None:
            _check_owner(complaint, owner_id)
        complaint.owner_id = owner_id
        complaint.last_activity_at = clock.now()
        complaint.save(update_fields=["owner", "last_activity_at"])
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="owner_changed",
            data={"before": before, "after": owner_id},
        )
        publish(OwnerChanged(complaint_id=complaint.pk, before_id=before, after_id=owner_id))
        announce_change(complaint)
    return complaint


def _check_owner(complaint: Complaint, owner_id: int) -> None:
    owner = User.objects.filter(pk=owner_id, is_active=True).first()
    if owner is None:
        raise BadInput("There is no active colleague with this id.", field="owner")
    future = actor_for_user(owner)
    if not (future.can(Permission.CASE_WORK) and sees(future, complaint)):
        raise BadInput(f"{owner.name} cannot work on cases of this unit.", field="owner")


def set_team(*, actor: Actor, complaint_id: int, team_id: int, tier: int | None = None) -> Complaint:
    """Put the case into a team's queue; `tier` is the team's unless given. An owner outside the team gives it back."""
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        team = Team.objects.filter(pk=team_id).first()
        if team is None:
            raise BadInput("There is no such team.", field="team")
        before = complaint.team_id
        new_tier = team.tier if tier is None else tier
        if before == team.pk and complaint.tier == new_tier:
            return complaint
        complaint.team, complaint.tier = team, new_tier
        changed = ["team", "tier"]
        owner_before = complaint.owner_id
        if owner_before and not TeamMember.objects.filter(team=team, user_id=owner_before).exists():
            complaint.owner_id = None
            changed.append("owner")
        complaint.save(update_fields=changed)
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="team_changed",
            data={"before": before, "after": team.pk, "tier": new_tier},
        )
        publish(TeamChanged(complaint_id=complaint.pk, before_id=before, after_id=team.pk, tier=new_tier))
        if complaint.owner_id != owner_before:
            publish(OwnerChanged(complaint_id=complaint.pk, before_id=owner_before, after_id=None))
        announce_change(complaint)
    return complaint


ASSESSED_FIELDS = (
    "language",
    "label",
    "category",
    "severity",
    "sentiment",
    "probability",
    "safety",
    "vulnerable",
    "legal_or_media",
    "desired_outcome",
)


def record_assessment(
    *,
    actor: Actor,
    complaint_id: int,
    values: Mapping[str, Any],
    points: Sequence[tuple[str, str]] = (),
    corrected: bool = False,
) -> Complaint:
    """Write what is thought about a complaint: only `ASSESSED_FIELDS`; `points` are `(words, aspect)`.

    What a person corrected stays theirs: the assessment domain leaves such fields out of `values`. Points are added only
    while there are none.
    """
    unknown = set(values) - set(ASSESSED_FIELDS)
    if unknown:
        raise BadInput(f"Not part of an assessment: {', '.join(sorted(unknown))}.")
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        values = {
            name: value for name, value in values.items() if name != "desired_outcome" or not complaint.desired_outcome
        }
        for name, value in values.items():
            setattr(complaint, name, value)
        complaint.assessed_at = clock.now()
        complaint.save(update_fields=[*values, "assessed_at"])
        if points and not Point.objects.filter(complaint=complaint).exists():
            _create_points(complaint, points, source="detected")
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="assessment_corrected" if corrected else "assessed",
            data={
                name: value
                for name, value in values.items()
                if name not in ("desired_outcome", "sentiment", "probability")
            },
        )
        publish(
            ComplaintAssessed(
                complaint_id=complaint.pk,
                severity=complaint.severity,
                safety=complaint.safety,
                language=complaint.language,
                category=complaint.category,
                label=complaint.label,
                corrected=corrected,
            )
        )
        announce_change(complaint)
    return complaint


def _create_points(complaint: Complaint, points: Sequence[tuple[str, str]], *, source: str) -> None:
    last = 0
    if source != "detected":  # what is detected comes first, and only where nothing is
        positions = Point.objects.filter(complaint=complaint).order_by("-position")
        last = positions.values_list("position", flat=True).first() or 0
    Point.objects.bulk_create(
        Point(complaint=complaint, position=last + number, words=words, aspect=aspect, source=source)
        for number, (words, aspect) in enumerate(points, start=1)
    )


def add_point(*, actor: Actor, complaint_id: int, words: str, aspect: str = "") -> Point:
    """Add a point that was not detected.

    Raises:
        BadInput: it is empty.
    """
    words = clean(words).strip()
    if not words:
        raise BadInput("Say what went wrong, in the customer's words.", field="words")
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        source = "customer" if actor.kind == "customer" else "agent"
        _create_points(complaint, [(words, clean_line(aspect)[:40])], source=source)
        point = Point.objects.filter(complaint=complaint).order_by("-position")[0]
        record(actor=actor, chain=f"complaint:{complaint.pk}", kind="point_added", data={"point": point.pk})
        publish(PointsChanged(complaint_id=complaint.pk))
        announce_change(complaint)
    return point


def confirm_points(*, actor: Actor, complaint_id: int, point_ids: Sequence[int] | None = None) -> int:
    """Confirm points as understood rightly (all that are left when `point_ids` is None); how many this call confirmed."""
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        points = Point.objects.filter(complaint=complaint, confirmed_at=None, removed_at=None)
        if point_ids is not None:
            points = points.filter(pk__in=point_ids)
        by = "customer" if actor.kind == "customer" else "agent"
        count = points.update(confirmed_at=clock.now(), confirmed_by=by)
        if count:
            record(
                actor=actor, chain=f"complaint:{complaint.pk}", kind="points_confirmed", data={"count": count, "by": by}
            )
            publish(PointsChanged(complaint_id=complaint.pk))
            announce_change(complaint)
    return count


def remove_point(*, actor: Actor, complaint_id: int, point_id: int) -> bool:
    """Take a point off the list (it stays in the record); True when it was on it."""
    with together():
        complaint = access_complaint(actor, complaint_id, lock=True)
        won = Point.objects.filter(pk=point_id, complaint=complaint, removed_at=None).update(removed_at=clock.now())
        if won:
            record(actor=actor, chain=f"complaint:{complaint.pk}", kind="point_removed", data={"point": point_id})
            publish(PointsChanged(complaint_id=complaint.pk))
            announce_change(complaint)
    return bool(won)


def set_next_due(*, complaint_id: int, due_at: datetime | None, kind: str) -> None:
    """Note the earliest running clock for the queue; called by the clocks domain only."""
    held = known(("complaint", complaint_id))
    if held is not None:
        if (held.next_due_at, held.next_due_kind) == (due_at, kind):
            return
        held.next_due_at, held.next_due_kind = due_at, kind
        if not held.reference:
            return  # it is just being registered: `give_reference` writes both
    Complaint.objects.filter(pk=complaint_id).update(next_due_at=due_at, next_due_kind=kind)


__all__ = [
    "Phase",
    "add_point",
    "assign",
    "confirm_points",
    "move",
    "record_assessment",
    "remove_point",
    "set_next_due",
    "set_team",
    "take",
]
