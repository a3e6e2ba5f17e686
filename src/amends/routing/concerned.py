"""Whom of our own people a complaint is about: they must not work on it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from amends.accounts.public import Actor, Permission, User
from amends.audit.public import record
from amends.cases.public import access_complaint, hide_from
from amends.core.errors import BadInput
from amends.routing.models import CaseAboutStaff


def staff_complained_about(complaint_id: int) -> list[int]:
    """The ids of the people a complaint is about (1 query)."""
    rows = CaseAboutStaff.objects.filter(complaint_id=complaint_id)
    return list(rows.order_by("user_id").values_list("user_id", flat=True))


def note_staff_concerned(*, actor: Actor, complaint_id: int, user_ids: Iterable[int]) -> list[int]:
    """Note whom of our people a complaint is about; the ids that are new. A second time changes nothing.

    From then on they never see it, whatever their role; if one of them owned it, it has no owner.

    Raises:
        NotFound: the case is not the actor's to see.
        BadInput: a person is not known here.
    """
    actor.require(Permission.CASE_WORK)
    wanted = set(user_ids)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        if User.objects.filter(pk__in=wanted).count() != len(wanted):
            raise BadInput("One of these people is not known here: choose them from the list.", field="user_ids")
        added = sorted(wanted - set(staff_complained_about(complaint.pk)))
        CaseAboutStaff.objects.bulk_create(
            CaseAboutStaff(complaint=complaint, user_id=one, noted_by_id=actor.user_id) for one in added
        )
        if added:
            record(actor=actor, chain=f"complaint:{complaint.pk}", kind="staff_concerned", data={"users": added})
            hide_from(actor=actor, complaint_id=complaint.pk, user_ids=added)
    return added
