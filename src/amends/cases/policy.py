"""Who may see and do what with a complaint. `access_complaint` is the only door."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from amends.accounts.public import Actor, Permission
from amends.cases.models import Complaint
from amends.core.errors import NotFound
from amends.core.text import clean_line


def visible_complaints(actor: Actor) -> QuerySet[Complaint]:
    """The complaints this actor may see, as a query to build on: of their units, and in the queues of their teams.

    Mail to the organisation's own address belongs to no shop; the team that was given such a case must be able to work on it.
    """
    everything = Complaint.objects.all()
    if actor.kind == "system":
        return everything
    if actor.kind == "customer":
        return everything.filter(pk=actor.complaint_id or 0)
    if not actor.can(Permission.CASE_VIEW):
        return everything.none()
    if actor.unit_ids is None:
        return everything
    return everything.filter(Q(unit_id__in=actor.unit_ids) | Q(team_id__in=actor.team_ids))


def access_complaint(actor: Actor, key: int | str, *, lock: bool = False) -> Complaint:
    """The complaint with this id or reference, if the actor may see it: finding and authorising are one act.

    Args:
        key: the id, or the reference such as `AM-2026-000017` in any case.
        lock: take the row until the transaction ends; every verb that writes does.

    Raises:
        NotFound: there is none, or it is not theirs; the two look the same.
    """
    complaints = visible_complaints(actor)
    if lock:
        complaints = complaints.select_for_update(of=("self",), no_key=True)
    else:
        complaints = complaints.select_related("customer", "representative", "unit", "team", "owner", "product")
    condition = {"pk": key} if isinstance(key, int) else {"reference": clean_line(key).upper()[:20]}
    complaint = complaints.filter(**condition).first()
    if complaint is None:
        raise NotFound
    return complaint
