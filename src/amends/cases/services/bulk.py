"""Registering many complaints of the past at once, for imports: a constant number of statements for each batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from amends.accounts.public import Actor
from amends.audit.public import record_new_chains
from amends.cases.events import ComplaintsImported
from amends.cases.lifecycle import OPEN_PHASES, Phase
from amends.cases.models import Complaint, Customer, Direction, IntakeKey, Message, MessageState, Outcome, Product
from amends.cases.services.registration import NewComplaint, Person, as_checked, digest_of, registered_entry
from amends.core import clock
from amends.core.errors import AmendsError, BadInput
from amends.core.events import publish


@dataclass(frozen=True, slots=True)
class PastComplaint:
    """A complaint of the past: what came, and where it stands now.

    Attributes:
        outcome, outcome_reason: required when the phase is resolved or later.
        resolved_at: None takes the time of receipt.
    """

    new: NewComplaint
    phase: str = Phase.CLOSED
    outcome: str = ""
    outcome_reason: str = ""
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of a batch: positions created, positions that were here already, and refused ones with the reason."""

    created: tuple[int, ...]
    known: tuple[int, ...]
    refused: tuple[tuple[int, str], ...]


_NEEDS_OUTCOME = frozenset({Phase.RESOLVED, Phase.FOLLOWED_UP, Phase.CLOSED})


def register_many(*, actor: Actor, items: Sequence[PastComplaint]) -> BulkResult:
    """Store a batch in one transaction. Each item needs a source and key; one known already is left as it is.

    A bad item is refused by itself: it does not spoil the others.
    """
    with transaction.atomic():
        checked, refused = _checked(items)
        known = _known([items[position] for position in checked])
        seen: set[tuple[str, str]] = set()
        fresh: dict[int, PastComplaint] = {}
        for position, item in checked.items():
            identity = (item.new.source, item.new.key)
            if identity not in known and identity not in seen:
                fresh[position] = item
            seen.add(identity)
        if fresh:
            _store(actor, list(fresh.values()))
    return BulkResult(
        created=tuple(fresh),
        known=tuple(position for position in checked if position not in fresh),
        refused=tuple(refused),
    )


def _checked(items: Sequence[PastComplaint]) -> tuple[dict[int, PastComplaint], list[tuple[int, str]]]:
    """The items with every text cleaned, by position, and the refused ones."""
    good: dict[int, PastComplaint] = {}
    refused: list[tuple[int, str]] = []
    for position, item in enumerate(items):
        try:
            _check_ending(item)
            good[position] = replace(item, new=as_checked(item.new))
        except AmendsError as error:
            refused.append((position, error.message))
    return good, refused


def _check_ending(item: PastComplaint) -> None:
    if not item.new.source or not item.new.key:
        raise BadInput("A complaint of the past needs a source and a key there, so that it is taken in once.")
    if item.phase not in Phase.values:
        raise BadInput(f"There is no phase {item.phase!r}; choose from {', '.join(Phase.values)}.", field="phase")
    if item.phase in _NEEDS_OUTCOME and (item.outcome not in Outcome.values or not item.outcome_reason.strip()):
        raise BadInput(
            f"The phase {item.phase!r} needs an outcome ({', '.join(Outcome.values)}) and its reason.", field="outcome"
        )


def _known(items: Sequence[PastComplaint]) -> set[tuple[str, str]]:
    sources = {item.new.source for item in items}
    keys = [item.new.key for item in items]
    return set(IntakeKey.objects.filter(source__in=sources, key__in=keys).values_list("source", "key"))


def _store(actor: Actor, items: Sequence[PastComplaint]) -> None:
    """Insert everything of a batch; the counter's row is locked last and for the inserts only."""
    moment = clock.now()
    customers = _customers([item.new.complainant for item in items])
    representatives = _customers([one for item in items if (one := item.new.representative) is not None])
    products = _products({item.new.product for item in items})
    complaints = [
        _complaint(item, customers[_key(item.new.complainant, number)], moment) for number, item in enumerate(items)
    ]
    number = 0
    for complaint, item in zip(complaints, items, strict=True):
        complaint.product = products.get(item.new.product.lower())
        if item.new.representative is not None:
            complaint.representative = representatives[_key(item.new.representative, number)]
            number += 1
    _give_references(complaints, moment)
    Complaint.objects.bulk_create(complaints)
    Message.objects.bulk_create(
        [_message(complaint, item.new) for complaint, item in zip(complaints, items, strict=True)]
    )
    IntakeKey.objects.bulk_create(
        [
            IntakeKey(
                source=item.new.source,
                key=item.new.key,
                digest=digest_of(item.new),
                complaint=complaint,
                created_at=moment,
            )
            for complaint, item in zip(complaints, items, strict=True)
        ]
    )
    record_new_chains(
        actor=actor,
        entries=[
            (f"complaint:{complaint.pk}", *registered_entry(item.new, complaint))
            for complaint, item in zip(complaints, items, strict=True)
        ],
    )
    publish(ComplaintsImported(complaint_ids=tuple(complaint.pk for complaint in complaints)))


def _key(person: Person, number: int) -> tuple[str, str] | int:
    return (person.email, person.name) if person.email else number


def _customers(people: Sequence[Person]) -> dict[tuple[str, str] | int, Customer]:
    """A customer for each person, by address and name, or by position when there is no address (at most 3 statements)."""
    found: dict[tuple[str, str] | int, Customer] = {}
    emails = {person.email for person in people if person.email}
    if emails:
        wanted = {(person.email, person.name): person for person in people if person.email}
        Customer.objects.bulk_create([_customer(person) for person in wanted.values()], ignore_conflicts=True)
        found.update({(one.email, one.name): one for one in Customer.objects.filter(email__in=emails)})
    nameless = [(number, _customer(person)) for number, person in enumerate(people) if not person.email]
    Customer.objects.bulk_create([customer for _, customer in nameless])
    found.update(dict(nameless))
    return found


def _customer(person: Person) -> Customer:
    return Customer(
        name=person.name,
        email=person.email,
        phone=person.phone,
        address=person.address,
        account_number=person.account_number,
        user_name=person.user_name,
        language=person.language,
    )


def _products(names: set[str]) -> dict[str, Product]:
    names.discard("")
    if not names:
        return {}
    products = list(Product.objects.all()[:5000])
    return {**{one.name.lower(): one for one in products}, **{one.key.lower(): one for one in products}}


def _complaint(item: PastComplaint, customer: Customer, moment: datetime) -> Complaint:
    new = item.new
    received_at = new.received_at or moment
    ended = item.phase in _NEEDS_OUTCOME
    resolved_at = (item.resolved_at or received_at) if ended else None
    return Complaint(
        public_id=uuid4(),
        phase=item.phase,
        customer=customer,
        unit_id=new.unit_id,
        product_text=new.product,
        channel=new.channel,
        subject=new.subject,
        text=new.text,
        attributes=dict(new.attributes),
        desired_outcome=new.desired_outcome,
        language=new.complainant.language,
        received_at=received_at,
        registered_at=moment,
        acknowledged_at=received_at if ended else None,
        resolved_at=resolved_at,
        closed_at=resolved_at if item.phase == Phase.CLOSED else None,
        outcome=item.outcome if ended else "",
        outcome_reason=item.outcome_reason if ended or item.phase not in OPEN_PHASES else "",
        last_activity_at=resolved_at or received_at,
    )


def _message(complaint: Complaint, new: NewComplaint) -> Message:
    sender = new.representative or new.complainant
    return Message(
        complaint=complaint,
        direction=Direction.IN,
        kind="message",
        channel=new.channel,
        from_name=sender.name,
        from_address=sender.email,
        subject=new.subject,
        text=new.text,
        state=MessageState.RECEIVED,
        at=complaint.received_at,
    )


def _give_references(complaints: Sequence[Complaint], moment: datetime) -> None:
    """Take as many numbers of the year as there are complaints, in one statement."""
    year = moment.astimezone(ZoneInfo(settings.AMENDS_TIME_ZONE)).year
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cases_referencecounter AS c (year, last) VALUES (%s, %s)
            ON CONFLICT (year) DO UPDATE SET last = c.last + excluded.last
            RETURNING last
            """,
            [year, len(complaints)],
        )
        (last,) = cursor.fetchone()
    for number, complaint in enumerate(complaints, start=last - len(complaints) + 1):
        complaint.reference = f"AM-{year}-{number:06d}"
