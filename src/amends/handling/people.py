"""Who acts and who is told: the few questions about people that handling asks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from amends.accounts.public import Actor, Membership, Permission, Role, Unit, User, actor_for_user
from amends.handling.authority import default_limits
from amends.handling.models import TOKEN_ROLE, AuthorityLimit
from amends.handling.rules import Limits, within_authority


def actor_key(actor: Actor) -> str:
    """Who this is, for comparing: `user:3`, `token:2`, `customer:-`, `system:-`."""
    return f"{actor.kind}:{actor.id or '-'}"


def limits() -> Limits:
    """Every limit: the defaults, and over them what the organisation has set (1 query)."""
    own = {(row.role, row.currency): row.amount for row in AuthorityLimit.objects.all()}
    return {**default_limits(), **own}


def _unit_ids_upward(unit: Unit) -> list[int]:
    return [int(part) for part in unit.path.strip("/").split("/") if part]


def roles_at(actor: Actor, unit: Unit) -> frozenset[str]:
    """The roles somebody holds at this unit or above it; a program has the one role `token`."""
    if actor.kind == "token":
        return frozenset({TOKEN_ROLE})
    if actor.user_id is None:
        return frozenset()
    held = Membership.objects.filter(user_id=actor.user_id, unit_id__in=_unit_ids_upward(unit)).values_list(
        "role", flat=True
    )
    return frozenset(held)


def may_give(actor: Actor, unit: Unit, amounts: Mapping[str, Decimal]) -> bool:
    """Whether this actor may give these amounts at this unit without asking anybody."""
    return actor.kind == "system" or within_authority(amounts, roles_at(actor, unit), limits())


def approvers(unit: Unit, amounts: Mapping[str, Decimal], *, without: frozenset[int]) -> list[int]:
    """The ids of the people to ask: all who hold the lowest role that suffices here, without those who proposed it.

    The lowest is asked so that a director does not hear of every voucher.
    """
    known = limits()
    able = [role for role in Role if within_authority(amounts, [role.value], known)]
    rows = Membership.objects.filter(unit_id__in=_unit_ids_upward(unit), role__in=able, user__is_active=True)
    held: dict[str, set[int]] = {}
    for role, user_id in rows.exclude(user_id__in=without).values_list("role", "user_id"):
        held.setdefault(role, set()).add(user_id)
    for role in able:
        users = User.objects.filter(pk__in=held.get(role, ()))
        found = sorted(user.pk for user in users if actor_for_user(user).can(Permission.PROPOSAL_APPROVE))
        if found:
            return found
    return []


def sender(author: User | None, fallback: Actor) -> Actor:
    """Who signs what goes to the customer: the author of the proposal, or `fallback` when they may no longer write."""
    if author is None or not author.is_active:
        return fallback
    actor = actor_for_user(author)
    return actor if actor.can(Permission.CASE_WORK) else fallback
