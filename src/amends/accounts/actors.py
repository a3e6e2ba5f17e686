"""Who acts: a member of staff, a program with a token, a customer on their own case, or Amends itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from amends.accounts.models import ApiToken, Membership, TeamMember, Unit, User
from amends.accounts.permissions import ROLE_PERMISSIONS, SCOPE_PERMISSIONS, Permission, Role, Scope
from amends.core.errors import NotAllowed

ActorKind = Literal["user", "token", "customer", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts, with all that is needed to decide what it may do.

    Attributes:
        unit_ids: the units whose cases it may see; None means every unit.
        team_ids: the teams it works in: what is in their queue is visible whatever its unit.
        complaint_id: for a customer, the one case that is theirs.
        roles: the roles held anywhere, for limits of authority.
    """

    kind: ActorKind
    id: int | None
    name: str
    permissions: frozenset[str] = frozenset()
    unit_ids: frozenset[int] | None = field(default_factory=frozenset)
    team_ids: frozenset[int] = frozenset()
    complaint_id: int | None = None
    roles: frozenset[str] = frozenset()

    def can(self, permission: str) -> bool:
        """Whether this actor holds the permission anywhere."""
        return self.kind == "system" or permission in self.permissions

    def require(self, permission: str) -> None:
        """Stop here unless the actor holds the permission.

        Raises:
            NotAllowed: it does not.
        """
        if not self.can(permission):
            raise NotAllowed("Your role does not allow this. Ask your team lead or an administrator.")

    def sees_unit(self, unit_id: int) -> bool:
        """Whether cases of this unit are visible to the actor."""
        return self.kind == "system" or self.unit_ids is None or unit_id in self.unit_ids

    def sees_case(self, unit_id: int, team_id: int | None) -> bool:
        """Whether a case of this unit, in the queue of this team, is visible to the actor."""
        return self.sees_unit(unit_id) or team_id in self.team_ids

    @property
    def user_id(self) -> int | None:
        """The id of the member of staff, or None for anybody else."""
        return self.id if self.kind == "user" else None


SYSTEM = Actor(kind="system", id=None, name="Amends", unit_ids=None)


def unit_ids_below(paths: list[str]) -> frozenset[int]:
    """Ids of the units at or below any of these paths, in one query."""
    if not paths:
        return frozenset()
    from django.db.models import Q

    condition = Q()
    for path in paths:
        condition |= Q(path__startswith=path)
    return frozenset(Unit.objects.filter(condition).values_list("id", flat=True))


def actor_for_user(user: User) -> Actor:
    """The actor for a signed-in member of staff (three queries, once a request)."""
    memberships = list(Membership.objects.filter(user=user).values_list("role", "unit__path", "unit__parent_id"))
    permissions: frozenset[str] = frozenset()
    for role, _, _ in memberships:
        permissions |= ROLE_PERMISSIONS[Role(role)]
    sees_all = Permission.CASE_VIEW_ALL in permissions or any(parent is None for _, _, parent in memberships)
    return Actor(
        kind="user",
        id=user.pk,
        name=user.name,
        permissions=permissions if user.is_active else frozenset(),
        unit_ids=None if sees_all else unit_ids_below([path for _, path, _ in memberships]),
        team_ids=frozenset(TeamMember.objects.filter(user=user).values_list("team_id", flat=True)),
        roles=frozenset(role for role, _, _ in memberships),
    )


def actor_for_token(token: ApiToken) -> Actor:
    """The actor for a program with this token."""
    permissions: frozenset[str] = frozenset()
    for scope in token.scopes:
        permissions |= SCOPE_PERMISSIONS[Scope(scope)]
    unit_ids = None if token.unit is None else unit_ids_below([token.unit.path])
    return Actor(kind="token", id=token.pk, name=token.name, permissions=permissions, unit_ids=unit_ids)


def customer_actor(*, complaint_id: int, name: str) -> Actor:
    """The actor for a customer who came with the link of their own case."""
    return Actor(kind="customer", id=None, name=name, unit_ids=frozenset(), complaint_id=complaint_id)
