"""Lists with special handling: which there are, who sees them, and which cases and customers stand on them.

Who may see a case is decided by the cases themselves (`cases.policy`); here are the questions and verbs around the lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from amends.accounts.public import SYSTEM, Actor, Permission, User
from amends.audit.public import record
from amends.cases.public import (
    AccessList,
    Complaint,
    Customer,
    ListedCase,
    access_complaint,
    list_case,
    sees,
    set_list_members,
    unlist_case,
    visible_complaints,
)
from amends.core.errors import BadInput, NotFound, Refused
from amends.core.text import clean, clean_line, normalise_email
from amends.routing.special_models import ListedCustomer

SHOWN = 200


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list as this person may know it: its members, and those of its cases and customers that they may see."""

    about: AccessList
    members: list[User]
    cases: list[ListedCase]
    customers: list[ListedCustomer]


def lists_for(actor: Actor) -> list[AccessList]:
    """The lists this person may look at: all for whoever changes settings, else those that are open or theirs."""
    rows = AccessList.objects.all()
    if not actor.can(Permission.SETTINGS_CHANGE):
        rows = rows.filter(Q(restricted=False) | Q(members__user_id=actor.user_id or 0)).distinct()
    return list(rows.prefetch_related("members__user"))


def list_choices() -> list[AccessList]:
    """Every list by its name, to put a case on: whoever finds something out must be able to, also on a list of others."""
    return list(AccessList.objects.order_by("name"))


def access_list(actor: Actor, key: str) -> AccessList:
    """The list with this key.

    Raises:
        NotFound: there is none, or it is not theirs to see.
    """
    found = next((one for one in lists_for(actor) if one.key == clean_line(key).lower()[:80]), None)
    if found is None:
        raise NotFound
    return found


def list_page(actor: Actor, key: str) -> ListPage:
    """What this person may know of a list: of cases and customers only those they may see (5 queries).

    An administrator who is no member sees who is, and nothing that stands on a restricted list.
    """
    found = access_list(actor, key)
    mine = visible_complaints(actor)
    cases = ListedCase.objects.filter(access_list=found, complaint__in=mine).select_related(
        "complaint__customer", "added_by"
    )
    return ListPage(
        about=found,
        members=sorted((one.user for one in found.members.all()), key=lambda one: one.name),
        cases=list(cases.order_by("-added_at", "-id")[:SHOWN]),
        customers=list(_customers_seen(actor, found, mine)[:SHOWN]),
    )


def _customers_seen(actor: Actor, found: AccessList, mine: QuerySet[Complaint]) -> QuerySet[ListedCustomer]:
    rows = ListedCustomer.objects.filter(access_list=found).select_related("customer", "added_by").order_by("-id")
    member = any(one.user_id == actor.user_id for one in found.members.all())
    if found.restricted and not member and actor.kind != "system":
        return rows.none()
    return rows.filter(Q(customer__in=mine.values("customer_id")) | Q(customer__in=mine.values("representative_id")))


def lists_of(complaint: Complaint) -> list[ListedCase]:
    """The lists a case is on (1 query)."""
    return list(ListedCase.objects.filter(complaint=complaint).select_related("access_list", "added_by").order_by("id"))


def customer_lists_of(complaint: Complaint) -> list[ListedCustomer]:
    """The lists on which the customer of this case, or whoever speaks for them, stands (2 queries)."""
    people = [one for one in (complaint.customer, complaint.representative) if one is not None]
    rows = ListedCustomer.objects.filter(_same_person(people)).select_related("access_list", "customer")
    return list(rows.order_by("id"))


def _same_person(people: Iterable[Customer]) -> Q:
    """Who it is, by the row or by what belongs to one person: an address, an account or a number."""
    found = Q(pk__in=[])
    for one in people:
        found |= Q(customer_id=one.pk)
        for name in ("email", "account_number", "phone"):
            value = getattr(one, name)
            if value:
                found |= Q(**{f"customer__{name}": value})
    return found


def put_on_list(*, actor: Actor, complaint_id: int, key: str, reason: str, customer_too: bool = False) -> bool:
    """Put a case on a list, and with `customer_too` every further case of its customer; whether the actor still sees it.

    Raises:
        BadInput: no reason.
        NotFound: there is no such list, or the case is not theirs to see.
        Refused: nobody near the case could see it any more.
    """
    reason = clean(reason).strip()[:2000]
    if not reason:
        raise BadInput("Say why, so that colleagues handle it rightly.", field="reason")
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id)
        found = AccessList.objects.filter(key=clean_line(key).lower()[:80]).first()
        if found is None:
            raise NotFound
        if customer_too:
            _list_customer(actor, complaint, found, reason)
        list_case(actor=actor, complaint_id=complaint_id, list_id=found.pk, reason=reason)
        complaint.refresh_from_db(fields=["guarded"])
    return sees(actor, complaint)


def _list_customer(actor: Actor, complaint: Complaint, found: AccessList, reason: str) -> None:
    actor.require(Permission.CASE_WORK)
    _row, new = ListedCustomer.objects.get_or_create(
        customer_id=complaint.customer_id,
        access_list=found,
        defaults={"reason": reason, "added_by_id": actor.user_id},
    )
    if new:
        data = {"list": found.pk, "customer": complaint.customer_id}
        record(actor=actor, chain=f"access-list:{found.pk}", kind="customer_listed", data=data)
        record(actor=actor, chain=f"complaint:{complaint.pk}", kind="customer_listed", data=data)


def take_off_list(*, actor: Actor, complaint_id: int, key: str, customer_too: bool = False) -> bool:
    """Take a case off a list, and with `customer_too` its customer; whether anything changed. Only who sees the case can.

    Raises:
        NotFound: there is no such list, or the case is not theirs to see.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id)
        found = AccessList.objects.filter(key=clean_line(key).lower()[:80]).first()
        if found is None:
            raise NotFound
        gone = 0
        if customer_too:
            people = [one for one in (complaint.customer, complaint.representative) if one is not None]
            rows = ListedCustomer.objects.filter(_same_person(people), access_list=found)
            gone = rows.count()
            rows.delete()
            if gone:
                data = {"list": found.pk, "customer": complaint.customer_id}
                record(actor=actor, chain=f"access-list:{found.pk}", kind="customer_unlisted", data=data)
                record(actor=actor, chain=f"complaint:{complaint.pk}", kind="customer_unlisted", data=data)
        return unlist_case(actor=actor, complaint_id=complaint_id, list_id=found.pk) or bool(gone)


def list_cases_of_customer(*, complaint_id: int) -> int:
    """Put a new case on the lists of its customer; on how many it came. A list that nobody near the case is on is left out,
    which the record says."""
    complaint = access_complaint(SYSTEM, complaint_id)
    done = 0
    for one in {row.access_list_id: row for row in customer_lists_of(complaint)}.values():
        try:
            with transaction.atomic():
                list_case(actor=SYSTEM, complaint_id=complaint_id, list_id=one.access_list_id, reason=one.reason)
            done += 1
        except Refused:
            data = {"list": one.access_list_id}
            record(actor=SYSTEM, chain=f"complaint:{complaint_id}", kind="not_listed", data=data)
    return done


def change_members(*, actor: Actor, key: str, emails: Iterable[str]) -> AccessList:
    """Say who may see what stands on a list, by the e-mail addresses of colleagues.

    Raises:
        BadInput: somebody is not known here.
        NotFound: there is no such list.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    wanted = {normalise_email(one)[:254] for one in emails if one.strip()}
    people = dict(User.objects.filter(email__in=wanted).values_list("email", "pk"))
    if missing := sorted(wanted - set(people)):
        raise BadInput(f"Nobody here has the address {missing[0]}.", field="members")
    found = access_list(actor, key)
    return set_list_members(actor=actor, list_id=found.pk, user_ids=people.values())
