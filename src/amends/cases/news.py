"""Telling open pages that a case changed; who may hear of it is decided where the page is."""

from __future__ import annotations

from amends.cases.models import Complaint
from amends.core.news import announce


def announce_change(complaint: Complaint) -> None:
    """Something about this case changed; heard at the commit, by pages that may see its unit or its team."""
    announce("case_changed", complaint=complaint.pk, unit=complaint.unit_id, team=complaint.team_id)
