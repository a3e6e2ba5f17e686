"""Applying the criteria of escalation: once for each case and rule, recorded, and tried on cases of the past."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, F, OuterRef
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission
from amends.audit.public import record
from amends.cases.public import (
    OPEN_PHASES,
    Complaint,
    access_complaint,
    visible_complaints,
)
from amends.clocks.public import Clock
from amends.core import clock
from amends.core.errors import AmendsError
from amends.routing import leadership, services
from amends.routing.configured import criteria_in_force
from amends.routing.criteria_facts import facts_of
from amends.routing.criteria_rules import Criteria, Criterion
from amends.routing.models import FiredCriterion

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
LOOKS_BACK = timedelta(days=1)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Trial:
    """What rules would have done: how many cases were looked at, how many would have gone up, and by which rule."""

    cases: int
    affected: int
    escalated: int
    by_rule: dict[str, int]


def consider(*, complaint_id: int) -> list[FiredCriterion]:
    """Do what the rules in force ask for now; what is new. A rule fires once for a case, however often this runs.

    A case of the past, and one that has ended, is left alone.
    """
    complaint = access_complaint(SYSTEM, complaint_id)
    if complaint.phase not in OPEN_PHASES or complaint.waiting_for_us_since is None:
        return []
    now, criteria = clock.now(), criteria_in_force()
    if now.date() < criteria.valid_from:
        return []
    facts = facts_of(complaint, now=now, rules=criteria)
    return [fired for one in criteria.matching(facts) if (fired := _fire(complaint, one, criteria.version)) is not None]


def sweep_clocks(*, now: datetime | None = None) -> int:
    """Look at the cases of which a deadline has just passed a percentage of the rules; how many rules fired.

    Safe with any number at once, and after a time without workers: it looks back a day.

    Raises:
        RuntimeError: some cases failed, after all others were looked at; the log has each.
    """
    moment, fired, failed = now or clock.now(), 0, 0
    for complaint_id in sorted(_crossed(moment, criteria_in_force())):
        try:
            fired += _look_at(complaint_id)
        except Exception:  # one case that cannot be considered must not keep the others from going up
            log.exception("criteria_not_considered", complaint=complaint_id)
            failed += 1
    if failed:
        raise RuntimeError(f"{failed} cases could not be considered ({fired} rules fired); see the log for each.")
    return fired


def _look_at(complaint_id: int) -> int:
    with transaction.atomic():
        # Whoever works on the case has it locked: it is looked at the next time, and nobody waits for each other.
        free = Complaint.objects.select_for_update(skip_locked=True, no_key=True)
        if not free.filter(pk=complaint_id).values_list("pk").first():
            return 0
        return len(consider(complaint_id=complaint_id))


def _crossed(moment: datetime, criteria: Criteria) -> set[int]:
    running = Clock.objects.filter(
        stopped_at=None,
        missed="breach",
        complaint__phase__in=OPEN_PHASES,
        complaint__waiting_for_us_since__isnull=False,
    )
    found: set[int] = set()
    for key, percent in criteria.percents().items():
        crossing = ExpressionWrapper(
            F("started_at") + (F("due_at") - F("started_at")) * (percent / 100), output_field=DateTimeField()
        )
        rows = running.annotate(crossing=crossing).filter(crossing__lte=moment, crossing__gt=moment - LOOKS_BACK)
        fired = FiredCriterion.objects.filter(complaint=OuterRef("complaint_id"), key=key)
        found.update(rows.filter(~Exists(fired)).values_list("complaint_id", flat=True)[:BATCH])
    return found


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
    if one.action == "letter":
        made = leadership.propose_letter(complaint_id=complaint.pk, why=one.sentence(), key=one.key)
        return "letter" if made else "nothing"
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
    rules, now = criteria or criteria_in_force(), clock.now()
    counts: Counter[str] = Counter()
    seen = affected = escalated = 0
    for one in visible_complaints(actor).select_related("product").order_by("-received_at", "-id")[:limit]:
        seen += 1
        held = rules.matching(facts_of(one, now=now, rules=rules, past=True))
        counts.update(rule.key for rule in held)
        affected += bool(held)
        escalated += any(rule.action == "escalate" for rule in held)
    return Trial(seen, affected, escalated, {rule.key: counts[rule.key] for rule in rules.rule})


def fired_lately(*, days: int = 90) -> dict[str, Counter[str]]:
    """Key of a rule → what it did → how often, in the last days (1 query). Counts only, of all cases."""
    since = clock.now() - timedelta(days=days)
    counts: dict[str, Counter[str]] = {}
    rows = FiredCriterion.objects.filter(at__gt=since).values_list("key", "did").annotate(cases=Count("pk"))
    for key, did, cases in rows.order_by():
        counts.setdefault(key, Counter())[did] += cases
    return counts
