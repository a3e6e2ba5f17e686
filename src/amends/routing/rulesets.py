"""The versions of the routing rules: draft, put into force, go back; and the decision of the rules in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission, Team, Unit
from amends.audit.public import record
from amends.cases.public import Product
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.text import clean
from amends.intake.public import channel_name
from amends.routing.models import RuleSetState, RuleSetVersion
from amends.routing.ruleset import BUILT_IN, RuleSet, RuleSetError, check_names, document_of, read_rule_set
from amends.triage.public import ASPECTS

CHAIN = "routing_rules"
_LOCK = 7_340_213
"""Number of the advisory lock under which versions change: two administrators take turns."""


def active_version() -> RuleSetVersion | None:
    """The version in force; None while nobody has made one, and the built-in default holds."""
    return RuleSetVersion.objects.filter(state=RuleSetState.ACTIVE).first()


def draft() -> RuleSetVersion | None:
    """The draft, where there is one."""
    return RuleSetVersion.objects.filter(state=RuleSetState.DRAFT).first()


def versions() -> list[RuleSetVersion]:
    """What was or is in force, newest first."""
    return list(RuleSetVersion.objects.exclude(state=RuleSetState.DRAFT).order_by("-number")[:100])


def rules_of(version: RuleSetVersion | None) -> RuleSet:
    """The rules of a version; of none, the built-in ones."""
    return BUILT_IN if version is None else read_rule_set(version.rules)


def known_names() -> dict[str, frozenset[str]]:
    """The names that rules may use (4 queries)."""
    products = list(Product.objects.values_list("key", "line"))
    units = list(Unit.objects.values_list("key", "rule_packs"))
    return {
        "teams": frozenset(Team.objects.values_list("key", flat=True)),
        "units": frozenset(key for key, _packs in units),
        "products": frozenset(key for key, _line in products),
        "lines": frozenset(line for _key, line in products if line),
        "packs": frozenset(pack for _key, packs in units for pack in packs) | {"house"},
        "categories": frozenset(ASPECTS),
    }


def checked(document: object) -> RuleSet:
    """The rules in a document, if they can be used here.

    Raises:
        BadInput: with the number of the rule and the field.
    """
    try:
        rules = read_rule_set(document)
        named = {one for rule in rules.rules for one in rule.when.channels}
        channels = frozenset(one for one in named if channel_name(one) != one)
        check_names(rules, {**known_names(), "channels": channels})
    except RuleSetError as error:
        where = f"rules.{error.rule}.{error.field}" if error.rule else error.field
        raise BadInput(
            _("Rule %(number)s, %(field)s: %(reason)s")
            % {"number": error.rule, "field": error.field, "reason": error.reason}
            if error.rule
            else f"{error.field}: {error.reason}",
            field=where,
        ) from None
    return rules


def save_draft(*, actor: Actor, document: object, seen: Mapping[str, Any] | None = None) -> RuleSetVersion:
    """Keep these rules as the draft; nothing is routed by it.

    Args:
        seen: the rules of the draft as the writer saw them; another draft meanwhile is a conflict.

    Raises:
        BadInput: a rule is wrong.
        Conflict: somebody changed the draft meanwhile.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    rules = document_of(checked(document))
    with transaction.atomic():
        _take_turns()
        mine = draft()
        current = document_of(rules_of(mine or active_version()))
        if seen is not None and current != document_of(read_rule_set(seen)):
            raise Conflict(_("Somebody else has changed the draft: load the page again."))
        if mine is None:
            mine = RuleSetVersion.objects.create(rules=rules, based_on=active_version(), created_by_id=actor.user_id)
        else:
            mine.rules = rules
            mine.save(update_fields=["rules"])
        record(actor=actor, chain=CHAIN, kind="routing_draft_saved", data={"rules": len(rules.get("rules", []))})
    return mine


def discard_draft(*, actor: Actor) -> bool:
    """Throw the draft away; True when there was one."""
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        _take_turns()
        gone, _each = RuleSetVersion.objects.filter(state=RuleSetState.DRAFT).delete()
        if gone:
            record(actor=actor, chain=CHAIN, kind="routing_draft_discarded", data={})
    return bool(gone)


def activate(*, actor: Actor, reason: str) -> RuleSetVersion:
    """Put the draft into force; cases that come from now on are routed by it, none is moved.

    Raises:
        BadInput: no reason, or a name in it is gone meanwhile.
        Conflict: there is no draft.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        _take_turns()
        mine = draft()
        if mine is None:
            raise Conflict(_("There is no draft to put into force."))
        checked(mine.rules)
        return _into_force(actor, mine, _reason(reason), kind="routing_rules_activated")


def roll_back(*, actor: Actor, number: int, reason: str) -> RuleSetVersion:
    """Put the rules of an older version into force again, as a new version. A draft stays a draft.

    Raises:
        NotFound: no version has this number.
        BadInput: no reason, or a name in it is gone meanwhile.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        _take_turns()
        older = RuleSetVersion.objects.filter(number=number).first()
        if older is None:
            raise NotFound
        checked(older.rules)
        again = RuleSetVersion(rules=older.rules, based_on=older, created_by_id=actor.user_id)
        return _into_force(actor, again, _reason(reason), kind="routing_rules_rolled_back")


def _into_force(actor: Actor, version: RuleSetVersion, reason: str, *, kind: str) -> RuleSetVersion:
    RuleSetVersion.objects.filter(state=RuleSetState.ACTIVE).update(state=RuleSetState.SUPERSEDED)
    last = RuleSetVersion.objects.exclude(number=None).order_by("-number").values_list("number", flat=True).first()
    version.number = (last or 0) + 1
    version.state = RuleSetState.ACTIVE
    version.activated_at = clock.now()
    version.activated_by_id = actor.user_id
    version.activated_by_name = actor.name[:200]
    version.reason = reason
    version.save()
    based_on = version.based_on.number if version.based_on else None
    record(actor=actor, chain=CHAIN, kind=kind, data={"version": version.number, "based_on": based_on})
    return version


def _reason(given: str) -> str:
    reason = clean(given).strip()[:2000]
    if not reason:
        raise BadInput(_("Say why, in a sentence that somebody will understand next year."), field="reason")
    return reason


def _take_turns() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
