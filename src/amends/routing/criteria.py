"""Applying the criteria of escalation: once for each case and rule, recorded, and tried on cases of the past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.audit.public import record
from amends.cases.public import OPEN_PHASES, Complaint, Direction, Message, messages_of, visible_complaints
from amends.clocks.public import clocks_of
from amends.core import clock
from amends.core.errors import AmendsError
from amends.routing import services
from amends.routing.criteria_rules import Criteria, Criterion, Facts, read_criteria
from amends.routing.models import FiredCriterion
from amends.triage.public import assess

MOODS_READ = 5
SUBSTANCE = frozenset({"message", "letter", "call", "proposal", "resolution"})
"""Kinds of our messages that answer; an acknowledgement does not."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules would have done: how many cases were looked at, how many would have gone up, and by which rule."""

    cases: int
    affected: int
    escalated: int
    by_rule: dict[str, int]


def facts_of(complaint: Complaint, *, now: datetime, troubleshooting_failed: bool = False) -> Facts:
    """What the criteria ask about a case (6 queries)."""
    messages = messages_of(complaint)
    heard = [one for one in messages if one.direction == Direction.IN]
    before = Complaint.objects.filter(customer_id=complaint.customer_id, received_at__lt=complaint.received_at)
    last = before.exclude(pk=complaint.pk).order_by("-received_at").values_list("received_at", flat=True).first()
    return Facts(
        clock_percent=_percent(complaint, now),
        moods=tuple(assess(one.text).sentiment for one in heard[-MOODS_READ:] if one.text),
        contacts=_contacts(messages),
        days_since_last=None if last is None else (complaint.received_at - last).days,
        value=complaint.product.price if complaint.product else None,
        safety=complaint.safety,
        media=complaint.legal_or_media,
        troubleshooting_failed=troubleshooting_failed,
        texts=(complaint.text, *(one.text for one in heard)),
    )


def _percent(complaint: Complaint, now: datetime) -> int | None:
    """How much of the tightest clock is over; a clock that was stopped counts up to then."""
    parts = [
        int(100 * ((one.stopped_at or now) - one.started_at) / (one.due_at - one.started_at))
        for one in clocks_of(complaint)
        if one.due_at > one.started_at
    ]
    return max(parts, default=None)


def _contacts(messages: Sequence[Message]) -> int:
    """How often the customer wrote since a person last answered."""
    count = 0
    for one in messages:
        if one.direction == Direction.IN:
            count += 1
        elif one.kind in SUBSTANCE and not one.automatic:
            count = 0
    return count


def consider(*, complaint_id: int, troubleshooting_failed: bool = False) -> list[FiredCriterion]:
    """Do what the rules in force ask for now; what is new. A rule fires once for a case, however often this runs.

    A case of the past, and one that has ended, is left alone.
    """
    complaint = Complaint.objects.select_related("unit", "team", "product").get(pk=complaint_id)
    if complaint.phase not in OPEN_PHASES or complaint.waiting_for_us_since is None:
        return []
    now, criteria = clock.now(), read_criteria()
    if now.date() < criteria.valid_from:
        return []
    facts = facts_of(complaint, now=now, troubleshooting_failed=troubleshooting_failed)
    return [fired for one in criteria.matching(facts) if (fired := _fire(complaint, one, criteria.version)) is not None]


def _fire(complaint: Complaint, one: Criterion, version: str) -> FiredCriterion | None:
    with transaction.atomic():
        fired, new = FiredCriterion.objects.get_or_create(
            complaint=complaint, key=one.key, defaults={"version": version, "action": one.action, "did": "nothing"}
        )
        if not new:
            return None
        fired.did = _act(complaint, one)
        fired.save(update_fields=["did"])
        record(
            actor=SYSTEM,
            chain=f"complaint:{complaint.pk}",
            kind="criterion_fired",
            data={"key": one.key, "version": version, "action": one.action, "did": fired.did},
        )
    return fired


def _act(complaint: Complaint, one: Criterion) -> str:
    if one.action == "alert":
        services.alert_by_criterion(complaint_id=complaint.pk, what=one.sentence, key=one.key)
        return "alerted"
    if one.action == "escalate":
        try:
            with transaction.atomic():
                services.escalate(actor=SYSTEM, complaint_id=complaint.pk, reason=one.sentence())
        except AmendsError:
            pass  # it waits for another team already, or there is nobody above: then its owner decides
        else:
            return "escalated"
    services.alert_owner(
        complaint_id=complaint.pk,
        kind="escalation_proposed",
        what=lambda: _("consider escalating it. %(why)s") % {"why": one.sentence()},
        key=f"criterion:{complaint.pk}:{one.key}",
    )
    return "proposed"


def try_on_past(*, actor: Actor, criteria: Criteria | None = None, limit: int = 300) -> Trial:
    """What these rules, or those in force, would have done with the newest cases that the actor may see. Changes nothing."""
    actor.require(Permission.REPORT_VIEW)
    rules, now = criteria or read_criteria(), clock.now()
    counts: Counter[str] = Counter()
    seen = affected = escalated = 0
    for one in visible_complaints(actor).select_related("product").order_by("-received_at", "-id")[:limit]:
        seen += 1
        held = rules.matching(facts_of(one, now=now))
        counts.update(rule.key for rule in held)
        affected += bool(held)
        escalated += any(rule.action == "escalate" for rule in held)
    return Trial(seen, affected, escalated, {rule.key: counts[rule.key] for rule in rules.rule})
