"""Who may see and do what with a complaint. `access_complaint` is the only door."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from amends.accounts.public import Actor, Permission
from amends.cases.models import AccessListMember, Complaint, HiddenFrom, ListedCase
from amends.core.errors import NotFound
from amends.core.text import clean_line
from amends.core.together import forget, known, share


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
    open_to_them = everything.filter(Q(guarded=False) | ~_closed_to(actor))
    if actor.unit_ids is None:
        return open_to_them
    return open_to_them.filter(Q(unit_id__in=actor.unit_ids) | Q(team_id__in=actor.team_ids))


def _closed_to(actor: Actor) -> Q:
    """Whether a guarded case is closed to this actor: it is about them, or on a restricted list without them.

    A case on several restricted lists is open only to those who are on each of them. No role is an exception.
    """
    theirs = AccessListMember.objects.filter(access_list=OuterRef("access_list"), user_id=actor.user_id or 0)
    closed = ListedCase.objects.filter(~Exists(theirs), complaint=OuterRef("pk"), access_list__restricted=True)
    about = HiddenFrom.objects.filter(complaint=OuterRef("pk"), user_id=actor.user_id or 0)
    return Q(Exists(closed)) | Q(Exists(about))


def closed_complaints(actor: Actor) -> QuerySet[Complaint]:
    """The guarded cases that are closed to this actor, for queries that would otherwise take everything."""
    return (
        Complaint.objects.none()
        if actor.kind == "system"
        else Complaint.objects.filter(_closed_to(actor), guarded=True)
    )


def sees(actor: Actor, complaint: Complaint) -> bool:
    """Whether this actor, who may look at cases at all, may see this one (a query only for a guarded case)."""
    if not actor.sees_case(complaint.unit_id, complaint.team_id):
        return False
    return not complaint.guarded or actor.kind == "system" or bool(who_may_see(complaint.pk, [actor.user_id or 0]))


def who_may_see(complaint_id: int, user_ids: Iterable[int]) -> set[int]:
    """Those of these people to whom the case is not closed; their units and teams are not looked at (1 to 3 queries)."""
    asked = set(user_ids)
    held = known(("complaint", complaint_id))
    guarded = Complaint.objects.filter(pk=complaint_id, guarded=True).exists() if held is None else held.guarded
    if not guarded:
        return asked
    lists = ListedCase.objects.filter(complaint_id=complaint_id, access_list__restricted=True)
    for one in lists.values_list("access_list_id", flat=True):
        asked &= set(AccessListMember.objects.filter(access_list_id=one).values_list("user_id", flat=True))
    return asked - set(HiddenFrom.objects.filter(complaint_id=complaint_id).values_list("user_id", flat=True))


def access_complaint(actor: Actor, key: int | str, *, lock: bool = False) -> Complaint:
    """The complaint with this id or reference, if the actor may see it: finding and authorising are one act.

    Args:
        key: the id, or the reference such as `AM-2026-000017` in any case.
        lock: take the row until the transaction ends; every verb that writes does.

    Raises:
        NotFound: there is none, or it is not theirs; the two look the same.
    """
    # Whoever holds the lock may read what they hold: nobody else can change it.
    shared = ("complaint", key) if actor.kind == "system" and isinstance(key, int) else None
    if shared is not None and isinstance(held := known(shared), Complaint):
        return held
    if lock:
        forget(("complaint", key))  # in a part that may fail alone, the one we hold does not see what happens
    complaints = visible_complaints(actor).defer("search")  # what the database finds by is nothing to read
    if lock:
        complaints = complaints.select_for_update(of=("self",), no_key=True)
    else:
        complaints = complaints.select_related("customer", "representative", "unit", "team", "owner", "product")
    condition = {"pk": key} if isinstance(key, int) else {"reference": clean_line(key).upper()[:20]}
    complaint = complaints.filter(**condition).first()
    if complaint is None:
        raise NotFound
    if lock and shared is not None:
        share(shared, complaint)
    return complaint
