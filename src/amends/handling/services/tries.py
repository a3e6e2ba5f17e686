"""What was tried to put it right: noted once, and in vain too often it goes up by the criteria of escalation."""

from __future__ import annotations

from django.db import transaction

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.cases.public import access_complaint, announce_change
from amends.core.errors import BadInput
from amends.core.text import clean_line
from amends.handling.models import Try
from amends.routing.public import consider

WHAT_LIMIT = 500


def note_try(*, actor: Actor, complaint_id: int, what: str, helped: bool) -> Try:
    """Note what was tried and whether it helped. What did not help counts for the criteria at once.

    Raises:
        BadInput: nothing is said, or too much.
        NotFound: the case is not the actor's to see.
    """
    actor.require(Permission.CASE_WORK)
    what = clean_line(what)
    if not what:
        raise BadInput("Say what was tried.", field="what")
    if len(what) > WHAT_LIMIT:
        raise BadInput(f"Say it in at most {WHAT_LIMIT} characters.", field="what")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        made = Try.objects.create(
            complaint=complaint, what=what, helped=helped, by_id=actor.user_id, by_name=actor.name[:200]
        )
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="try_noted",
            data={"try": made.pk, "helped": helped},
        )
        if not helped:
            consider(complaint_id=complaint.pk)
        announce_change(complaint)
    return made
