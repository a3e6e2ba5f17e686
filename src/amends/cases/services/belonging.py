"""The verbs of who and what belongs to a case: other addresses of its people, and cases that go together."""

from __future__ import annotations

from django.db import transaction

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.cases.events import CasesLinked
from amends.cases.models import CaseLink, Complaint, KnownAddress, LinkKind
from amends.cases.news import announce_change
from amends.cases.policy import access_complaint
from amends.cases.services.registration import Person, customer_for
from amends.core import clock
from amends.core.errors import BadInput, Conflict
from amends.core.events import publish
from amends.core.text import clean_line, digest, normalise_email


def admit(*, actor: Actor, complaint_id: int, address: str, name: str = "", as_representative: bool = False) -> None:
    """Let mail from this address into the case from now on.

    Args:
        as_representative: they complain on the customer's behalf, and our mail goes to them; otherwise it is another
            address of the people who belong to the case already, and our mail goes where it went.

    Raises:
        BadInput: there is no address.
        Conflict: somebody else represents the customer already.
    """
    if actor.kind in ("user", "token"):
        actor.require(Permission.CASE_WORK)
    address = normalise_email(address)[:320]
    if "@" not in address:
        raise BadInput("There is no e-mail address to remember.", field="address")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        if as_representative:
            if complaint.representative_id is not None:
                raise Conflict("Somebody else represents the customer in this case already.")
            person = Person(name=clean_line(name)[:300], email=address)
            complaint.representative_id = customer_for(person, clock.now())
            complaint.save(update_fields=["representative"])
        else:
            KnownAddress.objects.get_or_create(
                complaint=complaint,
                address=address,
                defaults={"name": clean_line(name)[:300], "added_by_id": actor.user_id},
            )
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="address_admitted",
            data={"address_sha256": digest(address), "representative": as_representative},
        )
        announce_change(complaint)


def link_cases(*, actor: Actor, complaint_id: int, other_id: int, kind: str = LinkKind.FOLLOWS) -> bool:
    """Note that two cases belong together (`complaint_id` goes on from `other_id`); True when this call did.

    Raises:
        BadInput: it is one and the same case.
    """
    if complaint_id == other_id:
        raise BadInput("A case cannot be linked to itself.")
    with transaction.atomic():
        pair = [access_complaint(actor, one, lock=True) for one in sorted((complaint_id, other_id))]
        _link, created = CaseLink.objects.get_or_create(
            complaint_id=complaint_id, other_id=other_id, kind=LinkKind(kind)
        )
        if not created:
            return False
        for one in pair:
            _note(actor, one, complaint_id, other_id, kind)
        publish(CasesLinked(complaint_id=complaint_id, other_id=other_id, kind=kind))
    return True


def _note(actor: Actor, one: Complaint, complaint_id: int, other_id: int, kind: str) -> None:
    other = other_id if one.pk == complaint_id else complaint_id
    record(
        actor=actor,
        chain=f"complaint:{one.pk}",
        kind="case_linked",
        data={"other": other, "kind": str(kind), "newer": one.pk == complaint_id},
    )
    announce_change(one)
