"""Facts that a person states and on which clocks depend, and the parts of a mixed complaint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, unit_settings
from amends.audit.public import record
from amends.cases.public import Complaint, Point, access_complaint, announce_change, responsible_ids
from amends.clocks.configured import configured_packs
from amends.clocks.models import Fact, PointPart
from amends.clocks.obligations import FactRule
from amends.clocks.rulepack import RulePack
from amends.clocks.selectors import letter_words
from amends.clocks.services.running import recompute
from amends.clocks.services.telling import tell_of_split
from amends.core import clock
from amends.core.errors import BadInput
from amends.core.text import clean, clean_line
from amends.notifications.public import tell

REASON_LIMIT = 2000
SPLIT_LETTER = "clock_split"
"""The letter about the parts of a mixed complaint, which Amends writes itself."""


def packs_of(complaint: Complaint) -> list[RulePack]:
    """The rule packs by which this complaint is counted."""
    return configured_packs(unit_settings(complaint.unit_id).rule_packs)


def state_fact(*, actor: Actor, complaint_id: int, name: str, value: object, reason: str = "") -> Fact | None:
    """State a fact on which clocks depend, or take it back (`value` None or False); the clocks are worked out again.

    Raises:
        BadInput: no rule pack of the unit asks for it, the value is of the wrong kind, or the reason is missing.
        NotFound: the case is not the actor's.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        rule = next((pack.facts[name] for pack in packs_of(complaint) if name in pack.facts), None)
        if rule is None:
            raise BadInput("No rule pack of this unit asks for that.", field="name")
        stated = None
        if value in (None, "", False):
            Fact.objects.filter(complaint=complaint, name=name).delete()
        else:
            stated = _state(actor, complaint, name, rule, _checked(rule, value), clean(reason).strip())
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="clock_fact_stated",
            data={"fact": name, "value": stated.value if stated else None},
        )
        # Where the regime wants a letter with reasons, a person writes it.
        recompute(actor=actor, complaint_id=complaint.pk, by_letter=rule.letter is None)
        if stated is not None and rule.letter == SPLIT_LETTER:
            tell_of_split(actor=SYSTEM, complaint=complaint)
        elif stated is not None and rule.letter:
            _ask_for_letter(complaint, rule.letter, stated)
        announce_change(complaint)
    return stated


def _state(actor: Actor, complaint: Complaint, name: str, rule: FactRule, value: object, reason: str) -> Fact:
    if rule.reason and not reason:
        raise BadInput(_("Say why, in a sentence a colleague will understand next year."), field="reason")
    fact, _created = Fact.objects.update_or_create(
        complaint=complaint,
        name=name,
        defaults={
            "value": value,
            "reason": reason[:REASON_LIMIT],
            "stated_by_id": actor.user_id,
            "stated_at": clock.now(),
        },
    )
    return fact


def _checked(rule: FactRule, value: object) -> object:
    if rule.kind == "flag":
        if value is True or (isinstance(value, str) and value.lower() in ("true", "yes", "on", "1")):
            return True
        raise BadInput(_("Answer yes or no."), field="value")
    text = clean_line(str(value))
    if rule.kind == "word":
        if text not in rule.words:
            raise BadInput(_("Choose one of: %(words)s.") % {"words": ", ".join(rule.words)}, field="value")
        return text
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise BadInput(_("Write a date such as 2026-03-02."), field="value") from None


def _ask_for_letter(complaint: Complaint, letter: str, fact: Fact) -> None:
    """Whoever has the case hears that the regime now asks for a letter."""
    tell(
        users=responsible_ids(complaint),
        kind="letter_owed",
        title=lambda: (
            _("%(reference)s: the customer is owed a letter: %(letter)s")
            % {"reference": complaint.reference, "letter": letter_words(letter)}
        ),
        url=f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=f"letter_owed:{fact.pk}:{letter}",
    )


def assign_parts(*, actor: Actor, complaint_id: int, parts: Mapping[int, str]) -> int:
    """Say which part of a mixed complaint each point belongs to (empty: none); the clocks that run afterwards.

    As soon as points of two parts are there, each part has clocks of its own, and the customer is told by when which
    part is answered.

    Raises:
        BadInput: a point is not of this case, or no rule pack of the unit has that part.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        known = {part for pack in packs_of(complaint) for part in pack.parts}
        points = set(Point.objects.filter(complaint=complaint, removed_at=None).values_list("pk", flat=True))
        for point_id, part in parts.items():
            if point_id not in points:
                raise BadInput("That point is not one of this case.", field="parts")
            if part and part not in known:
                raise BadInput(
                    f"The unit's rule packs have no part {part!r}; choose one of: {', '.join(sorted(known)) or '–'}.",
                    field="parts",
                )
        PointPart.objects.filter(point_id__in=parts).delete()
        PointPart.objects.bulk_create(PointPart(point_id=one, part=part) for one, part in parts.items() if part)
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="points_parted",
            data={"points": {str(one): part for one, part in sorted(parts.items())}},
        )
        changed = recompute(actor=actor, complaint_id=complaint.pk)
        if changed:
            tell_of_split(actor=SYSTEM, complaint=complaint)
        announce_change(complaint)
    return changed
