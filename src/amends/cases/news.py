"""Telling open pages that a case changed; who may hear of it is decided where the page is."""

from __future__ import annotations

from amends.accounts.public import User
from amends.cases.models import Complaint
from amends.cases.policy import who_may_see
from amends.core.news import announce

MOST_NAMED = 500
"""An announcement of PostgreSQL has room for some thousand characters."""


def announce_change(complaint: Complaint) -> None:
    """Something about this case changed; heard at the commit, by pages that may see its unit or its team.

    Of a guarded case only the people named in `only` hear; were there too many to name, nobody does.
    """
    more = {"only": _open_to(complaint)} if complaint.guarded else {}
    announce("case_changed", complaint=complaint.pk, unit=complaint.unit_id, team=complaint.team_id, **more)


def _open_to(complaint: Complaint) -> list[int]:
    everybody = User.objects.filter(is_active=True).values_list("pk", flat=True)
    allowed = sorted(who_may_see(complaint.pk, everybody))
    return allowed if len(allowed) <= MOST_NAMED else []
