"""Telling the people who must act on a case: its owner, else its team, else the leads above its unit."""

from __future__ import annotations

from collections.abc import Callable

from amends.accounts.public import Membership, Role, TeamMember, User
from amends.cases.models import Complaint
from amends.notifications.public import tell

_ABOVE = (Role.LEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


def responsible_ids(complaint: Complaint) -> list[int]:
    """Ids of the active people who must act on a case; never nobody while there is an active administrator above it."""
    if complaint.owner_id and User.objects.filter(pk=complaint.owner_id, is_active=True).exists():
        return [complaint.owner_id]
    if complaint.team_id:
        team = TeamMember.objects.filter(team_id=complaint.team_id, user__is_active=True)
        if ids := sorted(team.values_list("user_id", flat=True)):
            return ids
    above = [int(part) for part in complaint.unit.path.strip("/").split("/") if part]
    holders = Membership.objects.filter(role__in=_ABOVE, unit_id__in=above, user__is_active=True)
    by_role: dict[str, set[int]] = {}
    for role, user_id in holders.values_list("role", "user_id"):
        by_role.setdefault(role, set()).add(user_id)
    return sorted(next((by_role[role] for role in _ABOVE if role in by_role), set()))


def alert(complaint: Complaint, *, kind: str, what: Callable[[], str], key: str, url: str = "") -> int:
    """Tell the responsible people once (by `key`), each in the language of their pages; how many were told now.

    Args:
        what: makes our own words, without personal data; called once for each language.
        url: where to act; the case when empty.
    """
    return tell(
        users=responsible_ids(complaint),
        kind=kind,
        title=lambda: f"{complaint.reference}: {what()}",
        url=url or f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=key,
    )
