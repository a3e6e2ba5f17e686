"""Questions about teams, hand-offs and who must know."""

from __future__ import annotations

from django.db.models import Q

from amends.accounts.public import Membership, Role, Team, TeamMember, Unit, User
from amends.cases.public import Complaint
from amends.routing.models import Handoff, HandoffState
from amends.routing.rules import TeamChoice


def team_choices() -> list[TeamChoice]:
    """Every team as the rule sees it (1 query)."""
    return [
        TeamChoice(one.pk, one.name, one.unit.path, one.tier, tuple(one.languages), one.key)
        for one in Team.objects.select_related("unit").order_by("id")
    ]


def member_ids(team_id: int) -> list[int]:
    """Active members of a team."""
    return list(TeamMember.objects.filter(team_id=team_id, user__is_active=True).values_list("user_id", flat=True))


def responsible_ids(unit_path: str) -> list[int]:
    """Leads and directors of a unit and of every unit above it: the shop's manager, the regional director, the director."""
    ids = [int(part) for part in unit_path.strip("/").split("/") if part]
    return list(
        Membership.objects.filter(
            Q(unit_id__in=ids), role__in=[Role.LEAD, Role.DIRECTOR], user__is_active=True
        ).values_list("user_id", flat=True)
    )


def people_of(complaint: Complaint) -> dict[str, list[int]]:
    """The active people whom alert rules name, by the rules' words (3 queries)."""
    return {
        "owner": list(User.objects.filter(pk=complaint.owner_id or 0, is_active=True).values_list("pk", flat=True)),
        "team": member_ids(complaint.team_id or 0),
        **people_above(complaint.unit),
    }


def people_above(unit: Unit) -> dict[str, list[int]]:
    """The active people in charge of a unit, by the words of the alert rules (1 query)."""
    above = [int(part) for part in unit.path.strip("/").split("/") if part]
    rows = Membership.objects.filter(unit_id__in=above, user__is_active=True).values_list("role", "unit_id", "user_id")
    roles = list(rows.order_by("user_id"))
    return {
        "unit_lead": [user for role, where, user in roles if role == Role.LEAD and where == unit.pk],
        "leads": [user for role, _unit, user in roles if role == Role.LEAD],
        "directors": [user for role, _unit, user in roles if role == Role.DIRECTOR],
        "administrators": [user for role, _unit, user in roles if role == Role.ADMINISTRATOR],
    }


def handoffs_of(complaint: Complaint) -> list[Handoff]:
    """The hand-offs of a case, newest first."""
    return list(
        Handoff.objects.filter(complaint=complaint)
        .select_related("from_team", "to_team", "from_user", "decided_by")
        .order_by("-id")
    )


def pending_handoffs(complaint_id: int) -> list[Handoff]:
    """Hand-offs of a case that wait to be accepted (at most one)."""
    return list(
        Handoff.objects.filter(complaint_id=complaint_id, state=HandoffState.OFFERED).select_related(
            "to_team", "from_user"
        )
    )
