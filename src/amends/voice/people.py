"""Who signs a letter, and who has to hear when a letter cannot go out by itself."""

from __future__ import annotations

from dataclasses import dataclass

from amends.accounts.public import Membership, Role, TeamMember, UnitSettings, User
from amends.cases.public import Complaint, responsible_ids

RESPONSIBLE = (Role.LEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Contact:
    """A person a customer can reach. `line` is their title and house; empty texts are left out."""

    name: str
    line: str
    phone: str


def contact_of(complaint: Complaint, settings: UnitSettings, language: str, author: User | None = None) -> Contact:
    """Who signs: the author, else the owner, else the team's lead (speakers of the language first), else the house."""
    person = author or complaint.owner or _of_the_team(complaint, language)
    if person is None:
        house = settings.sender_name if settings.sender_name != settings.name else ""
        return Contact(settings.name if house else settings.sender_name, house, settings.phone)
    line = ", ".join(part for part in (person.title, settings.sender_name) if part)
    return Contact(person.name, line, person.phone or settings.phone)


def _of_the_team(complaint: Complaint, language: str) -> User | None:
    if complaint.team_id is None:
        return None
    rows = TeamMember.objects.filter(team_id=complaint.team_id, user__is_active=True).select_related("user")

    def rank(row: TeamMember) -> tuple[bool, bool, str]:
        return language not in (row.user.languages or ["en"]), not row.leads, row.user.name

    members = sorted(rows, key=rank)
    return members[0].user if members else None


def line_above(complaint: Complaint) -> list[list[int]]:
    """Who is told one after the other until somebody acts: whoever must act, the leads, the directors, the administrators."""
    above = [int(part) for part in complaint.unit.path.strip("/").split("/") if part]
    memberships = Membership.objects.filter(role__in=RESPONSIBLE, unit_id__in=above, user__is_active=True)
    rows = list(memberships.values_list("role", "user_id"))
    return [responsible_ids(complaint), *([user_id for role, user_id in rows if role == one] for one in RESPONSIBLE)]
