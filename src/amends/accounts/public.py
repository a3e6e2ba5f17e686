"""What other domains may use of people, units, teams and roles."""

from amends.accounts.actors import SYSTEM, Actor, ActorKind, actor_for_token, actor_for_user, customer_actor
from amends.accounts.models import ApiToken, Membership, Team, TeamMember, Unit, UnitKind, User
from amends.accounts.permissions import Permission, Role, Scope
from amends.accounts.selectors import (
    UnitSettings,
    root_unit,
    team_by_key,
    team_members,
    teams,
    unit_by_key,
    unit_settings,
)
from amends.accounts.services import (
    actor_for_secret,
    change_unit,
    create_team,
    create_token,
    create_unit,
    create_user,
    revoke_token,
    set_up_organisation,
)
from amends.accounts.web.guard import permission_required, public_page, request_actor

__all__ = [
    "SYSTEM",
    "Actor",
    "ActorKind",
    "ApiToken",
    "Membership",
    "Permission",
    "Role",
    "Scope",
    "Team",
    "TeamMember",
    "Unit",
    "UnitKind",
    "UnitSettings",
    "User",
    "actor_for_secret",
    "actor_for_token",
    "actor_for_user",
    "change_unit",
    "create_team",
    "create_token",
    "create_unit",
    "create_user",
    "customer_actor",
    "permission_required",
    "public_page",
    "request_actor",
    "revoke_token",
    "root_unit",
    "set_up_organisation",
    "team_by_key",
    "team_members",
    "teams",
    "unit_by_key",
    "unit_settings",
]
