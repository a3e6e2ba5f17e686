"""The verbs of the review: record what was found, open and close what is done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, User, actor_for_user
from amends.audit.public import record
from amends.cases.public import Complaint, access_complaint, announce_change, sees
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.events import publish
from amends.core.text import clean, clean_line
from amends.notifications.public import tell
from amends.review.causes import checked_cause
from amends.review.events import CorrectiveActionDone, CorrectiveActionOpened, RootCauseFound
from amends.review.models import CorrectiveAction, Responsibility, RootCause

TEXT_LIMIT = 10_000
WHYS = 5
SWEEP_LIMIT = 500
CHECK_AFTER = timedelta(days=30)
"""How long after a change its effect is looked at, unless another day is chosen."""


def today(now: datetime | None = None) -> date:
    """The organisation's calendar day."""
    return (now or clock.now()).astimezone(ZoneInfo(settings.AMENDS_TIME_ZONE)).date()


def _text(value: str, field: str, sentence: str, *, required: bool = True) -> str:
    value = clean(value).strip()
    if required and not value:
        raise BadInput(sentence, field=field)
    if len(value) > TEXT_LIMIT:
        raise BadInput(f"This is longer than {TEXT_LIMIT:,} characters: make it shorter.", field=field)
    return value


def record_root_cause(
    *,
    actor: Actor,
    complaint_id: int,
    cause_key: str,
    symptom: str,
    five_whys: Sequence[str] = (),
    neutral_responsibility: str,
) -> RootCause:
    """Record what really went wrong, apart from what was noticed; an earlier finding is kept as replaced.

    Args:
        cause_key: a key of the tree of causes.
        symptom: what the customer noticed.
        five_whys: up to five sentences; each says why the one before happened.
        neutral_responsibility: `company`, `customer`, `third_party` or `nobody`.

    Raises:
        BadInput: a value is missing or not known.
    """
    actor.require(Permission.REVIEW_WORK)
    cause = checked_cause(cause_key)
    symptom = _text(symptom, "symptom", "Say what the customer noticed.")
    if neutral_responsibility not in Responsibility.values:
        raise BadInput(f"Say who is responsible: {', '.join(Responsibility.values)}.", field="responsibility")
    whys = [clean_line(one) for one in five_whys if clean_line(one)]
    if len(whys) > WHYS or any(len(one) > 500 for one in whys):
        raise BadInput("At most five whys, each of at most 500 characters.", field="five_whys")
    finding = RootCause(cause=cause.key, symptom=symptom, whys=whys, responsibility=neutral_responsibility)
    return _store_finding(actor, complaint_id, finding)


def record_no_cause(*, actor: Actor, complaint_id: int, reason: str) -> RootCause:
    """Record that no cause was found, and why that is so.

    Raises:
        BadInput: there is no reason.
    """
    actor.require(Permission.REVIEW_WORK)
    reason = _text(reason, "no_cause_reason", "Say why no cause was found.")
    return _store_finding(actor, complaint_id, RootCause(no_cause_reason=reason))


def _store_finding(actor: Actor, complaint_id: int, finding: RootCause) -> RootCause:
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        now = clock.now()
        RootCause.objects.filter(complaint=complaint, replaced_at=None).update(replaced_at=now)
        finding.complaint, finding.found_at = complaint, now
        finding.found_by_id, finding.found_by_name = actor.user_id, actor.name[:200]
        finding.save()
        kind = "root_cause_found" if finding.cause else "no_cause_found"
        data = {
            "finding": finding.pk,
            "cause": finding.cause,
            "responsibility": finding.responsibility,
            "whys": len(finding.whys),
        }
        _on_record(actor, complaint, kind, data)
        publish(RootCauseFound(complaint_id=complaint.pk, cause_id=finding.pk))
    return finding


def _on_record(actor: Actor, complaint: Complaint | None, kind: str, data: dict[str, Any]) -> None:
    chain = f"complaint:{complaint.pk}" if complaint else f"corrective_action:{data['action']}"
    record(actor=actor, chain=chain, kind=kind, data=data)
    if complaint:
        announce_change(complaint)


def open_corrective_action(
    *,
    actor: Actor,
    complaint_id: int | None,
    cause_id: int | None,
    what: str,
    owner_id: int,
    due_on: date,
    effect_check_on: date | None = None,
) -> CorrectiveAction:
    """Decide that something is changed: by whom, by when, and when the effect is looked at (30 days later unless said).

    Args:
        complaint_id: the case that led to it, or None.
        cause_id: the finding it answers, of that case or of another one the actor may see, or None.

    Raises:
        BadInput: a value is missing, the day has passed, or the owner cannot work on it.
    """
    actor.require(Permission.REVIEW_WORK)
    what = _text(what, "what", "Say what will be changed.")
    if due_on < today():
        raise BadInput("The day has passed: choose another one.", field="due_on")
    check_on = effect_check_on or due_on + CHECK_AFTER
    if check_on < due_on:
        raise BadInput("The effect is looked at after the change: choose a later day.", field="effect_check_on")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True) if complaint_id is not None else None
        finding = _finding(actor, cause_id)
        action = CorrectiveAction.objects.create(
            complaint=complaint,
            root_cause=finding,
            cause=finding.cause if finding else "",
            what=what,
            owner_id=_owner(owner_id, complaint),
            opened_by_name=actor.name[:200],
            opened_at=clock.now(),
            due_on=due_on,
            effect_check_on=check_on,
        )
        _on_record(
            actor,
            complaint,
            "corrective_action_opened",
            {"action": action.pk, "cause": action.cause, "due": due_on.isoformat()},
        )
        if action.owner_id != actor.user_id:
            _tell_owner(
                action, "corrective_action_opened", lambda: _("A corrective action is yours"), f"action:{action.pk}"
            )
        publish(CorrectiveActionOpened(action_id=action.pk))
    return action


def _finding(actor: Actor, cause_id: int | None) -> RootCause | None:
    if cause_id is None:
        return None
    finding = RootCause.objects.filter(pk=cause_id).first()
    if finding is None:
        raise NotFound
    access_complaint(actor, finding.complaint_id)
    return finding


def _owner(owner_id: int, complaint: Complaint | None) -> int:
    owner = User.objects.filter(pk=owner_id, is_active=True).first()
    if owner is None:
        raise BadInput("There is no active colleague with this id.", field="owner")
    future = actor_for_user(owner)
    if not future.can(Permission.REVIEW_WORK) or (complaint is not None and not sees(future, complaint)):
        raise BadInput(
            f"{owner.name} cannot work on this: choose somebody who reviews cases of this unit.", field="owner"
        )
    return owner.pk


def _tell_owner(action: CorrectiveAction, kind: str, title: Callable[[], str], key: str) -> int:
    return tell(
        users=[action.owner_id], kind=kind, title=title, url="/review/", complaint_id=action.complaint_id, key=key
    )


def access_action(actor: Actor, action_id: int, *, lock: bool = False) -> CorrectiveAction:
    """The corrective action, if the actor may see it: that of a case only when the case is theirs to see.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    actions = CorrectiveAction.objects.select_for_update(of=("self",)) if lock else CorrectiveAction.objects.all()
    action = actions.filter(pk=action_id).first()
    if action is None or not actor.can(Permission.REVIEW_VIEW):
        raise NotFound
    if action.complaint_id is not None:
        access_complaint(actor, action.complaint_id)
    return action


def complete_corrective_action(
    *, actor: Actor, action_id: int, effect: str = "", effect_check_on: date | None = None
) -> CorrectiveAction:
    """Note that the change has been made; `effect` is what can be seen of it already.

    Raises:
        Conflict: it was done before.
    """
    actor.require(Permission.REVIEW_WORK)
    effect = _text(effect, "effect", "", required=False)
    with transaction.atomic():
        action = access_action(actor, action_id, lock=True)
        if action.done_at is not None:
            raise Conflict("This has been marked as done already.")
        action.done_at, action.done_by_name, action.effect = clock.now(), actor.name[:200], effect
        action.effect_check_on = effect_check_on or action.effect_check_on
        action.save(update_fields=["done_at", "done_by_name", "effect", "effect_check_on"])
        _on_record(actor, action.complaint, "corrective_action_done", {"action": action.pk})
        publish(CorrectiveActionDone(action_id=action.pk))
    return action


def record_effect(*, actor: Actor, action_id: int, effect: str, worked: bool) -> CorrectiveAction:
    """Look back at a change: what it did, and whether it worked.

    Raises:
        Conflict: the change has not been made yet.
        BadInput: there are no words.
    """
    actor.require(Permission.REVIEW_WORK)
    effect = _text(effect, "effect", "Say what has changed since, with figures where there are any.")
    with transaction.atomic():
        action = access_action(actor, action_id, lock=True)
        if action.done_at is None:
            raise Conflict("The change has not been made yet: mark it as done first.")
        action.effect, action.worked, action.effect_checked_at = effect, worked, clock.now()
        action.save(update_fields=["effect", "worked", "effect_checked_at"])
        _on_record(actor, action.complaint, "corrective_action_checked", {"action": action.pk, "worked": worked})
    return action


REMIND_DAYS = 2


def remind_of_actions(*, now: datetime | None = None) -> int:
    """Remind owners of changes that are due within two days or late, and of effects to look at; how many were told.

    Each is told once, also when a morning was missed or the job runs twice.
    """
    day = today(now)
    near = CorrectiveAction.objects.filter(
        done_at=None, reminded_at=None, due_on__lte=day + timedelta(days=REMIND_DAYS)
    )
    waiting = CorrectiveAction.objects.filter(
        done_at__isnull=False, effect_checked_at=None, effect_check_on__range=(day - CHECK_AFTER, day)
    )
    told = 0
    with transaction.atomic():
        for action in near.select_for_update(skip_locked=True).order_by("due_on", "id")[:SWEEP_LIMIT]:
            CorrectiveAction.objects.filter(pk=action.pk).update(reminded_at=now or clock.now())
            told += _tell_owner(action, "corrective_action_due", _due_title, f"action:{action.pk}:due")
    with transaction.atomic():
        for action in waiting.order_by("effect_check_on", "id")[:SWEEP_LIMIT]:
            told += _tell_owner(action, "corrective_action_effect", _effect_title, f"action:{action.pk}:effect")
    return told


def _due_title() -> str:
    return _("A corrective action of yours is due")


def _effect_title() -> str:
    return _("Look at the effect of a corrective action")
