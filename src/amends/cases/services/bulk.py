"""Registering many complaints of the past at once, for imports: a constant number of statements for each batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor
from amends.audit.public import record_new_chains
from amends.cases.events import ComplaintsImported
from amends.cases.lifecycle import OPEN_PHASES, Phase
from amends.cases.models import Complaint, Direction, IntakeKey, Message, MessageState, Outcome, Product
from amends.cases.services.bulk_rows import NewRows, as_json, customers_of, key_of, next_ids
from amends.cases.services.registration import (
    TEXT_LIMIT,
    NewComplaint,
    NewFile,
    as_checked,
    digest_of,
    registered_entry,
    store_files,
)
from amends.core import clock
from amends.core.errors import AmendsError, BadInput
from amends.core.events import publish
from amends.core.text import clean, clean_line

MESSAGES_LIMIT = 10_000
"""The most messages that one complaint of the past may bring along."""


@dataclass(frozen=True, slots=True)
class PastMessage:
    """Something said in a complaint of the past.

    Attributes:
        direction: who spoke to whom, one of `Direction`; an internal one is a note between colleagues.
        at: when, aware.
        channel: empty is the complaint's.
        html: cleaned already.
    """

    direction: str
    at: datetime
    text: str
    author: str = ""
    address: str = ""
    to_address: str = ""
    subject: str = ""
    html: str = ""
    kind: str = ""
    channel: str = ""
    files: Sequence[NewFile] = ()


@dataclass(frozen=True, slots=True)
class PastComplaint:
    """A complaint of the past: what came, what was said about it, and where it stands now.

    Attributes:
        outcome, outcome_reason: required when the phase is resolved or later.
        resolved_at: None takes the time of the last message, or of receipt.
        messages: the whole history, in any order; empty makes one message of the complaint's own words.
    """

    new: NewComplaint
    phase: str = Phase.CLOSED
    outcome: str = ""
    outcome_reason: str = ""
    resolved_at: datetime | None = None
    messages: Sequence[PastMessage] = ()


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
        fresh, known = _fresh(checked)
        if fresh:
            _store(actor, list(fresh.values()))
    return BulkResult(created=tuple(fresh), known=known, refused=tuple(refused))


def check_many(*, items: Sequence[PastComplaint]) -> BulkResult:
    """What `register_many` would say of this batch, and nothing stored: `created` are those that would be."""
    checked, refused = _checked(items)
    fresh, known = _fresh(checked)
    return BulkResult(created=tuple(fresh), known=known, refused=tuple(refused))


def _checked(items: Sequence[PastComplaint]) -> tuple[dict[int, PastComplaint], list[tuple[int, str]]]:
    """The items with every text cleaned, by position, and the refused ones."""
    good: dict[int, PastComplaint] = {}
    refused: list[tuple[int, str]] = []
    for position, item in enumerate(items):
        try:
            _check_ending(item)
            good[position] = replace(item, new=as_checked(item.new), messages=_checked_messages(item))
        except AmendsError as error:
            refused.append((position, error.message))
    return good, refused


_DIRECTIONS = frozenset(Direction.values)
_PHASES = frozenset(Phase.values)
_OUTCOMES = frozenset(Outcome.values)


def _checked_messages(item: PastComplaint) -> tuple[PastMessage, ...]:
    """The history in order of time, each text cleaned."""
    if not item.messages:
        return ()
    if len(item.messages) > MESSAGES_LIMIT:
        raise BadInput(f"It has {len(item.messages):,} messages; at most {MESSAGES_LIMIT:,} fit.", field="messages")
    return tuple(sorted(map(_checked_message, item.messages), key=lambda one: one.at))


def _checked_message(one: PastMessage) -> PastMessage:
    if one.direction not in _DIRECTIONS:
        raise BadInput(
            _("A message's direction is one of %(known)s.") % {"known": ", ".join(Direction.values)}, field="messages"
        )
    if len(one.text) > TEXT_LIMIT:
        raise BadInput(
            _("A message is longer than %(limit)s characters.") % {"limit": f"{TEXT_LIMIT:,}"}, field="messages"
        )
    return PastMessage(
        direction=one.direction,
        at=one.at,
        text=clean(one.text).strip(),
        author=one.author and clean_line(one.author)[:300],
        address=one.address and clean_line(one.address)[:320],
        to_address=one.to_address and clean_line(one.to_address)[:320],
        subject=one.subject and clean_line(one.subject)[:500],
        html=one.html and clean(one.html),
        kind=one.kind[:30],
        channel=one.channel[:20],
        files=one.files,
    )


def _check_ending(item: PastComplaint) -> None:
    if not item.new.source or not item.new.key:
        raise BadInput("A complaint of the past needs a source and a key there, so that it is taken in once.")
    if item.phase not in _PHASES:
        raise BadInput(
            _("There is no phase '%(phase)s'; choose from %(known)s.")
            % {"phase": item.phase, "known": ", ".join(Phase.values)},
            field="phase",
        )
    if item.phase in _NEEDS_OUTCOME and (item.outcome not in _OUTCOMES or not item.outcome_reason.strip()):
        raise BadInput(
            _("The phase '%(phase)s' needs an outcome (%(known)s) and its reason.")
            % {"phase": item.phase, "known": ", ".join(Outcome.values)},
            field="outcome",
        )


def _fresh(checked: dict[int, PastComplaint]) -> tuple[dict[int, PastComplaint], tuple[int, ...]]:
    """Those that are not here yet, by position, and the positions of the others (also of a second one in this batch)."""
    identities = {position: (item.new.source, item.new.key) for position, item in checked.items()}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.source, k.key FROM cases_intakekey AS k
            JOIN unnest(%s::text[], %s::text[]) AS w (source, key) ON k.source = w.source AND k.key = w.key
            """,
            [[source for source, _ in identities.values()], [key for _, key in identities.values()]],
        )
        seen: set[tuple[str, str]] = set(cursor.fetchall())
    fresh: dict[int, PastComplaint] = {}
    for position, identity in identities.items():
        if identity not in seen:
            fresh[position] = checked[position]
        seen.add(identity)
    return fresh, tuple(position for position in checked if position not in fresh)


def _store(actor: Actor, items: Sequence[PastComplaint]) -> None:
    """Insert everything of a batch; the counter's row is locked last and for the inserts only."""
    moment = clock.now()
    complaints, messages, keys = NewRows(Complaint), NewRows(Message), NewRows(IntakeKey)
    numbers = next_ids("cases_complaint", len(items))
    every = [{"id": number, **values} for number, values in zip(numbers, _columns(items, moment), strict=True)]
    files: list[tuple[int, Sequence[NewFile]]] = []
    for values, item in zip(every, items, strict=True):
        new, number = item.new, values["id"]
        keys.add(source=new.source, key=new.key, digest=digest_of(new), complaint_id=number, created_at=moment)
        for said in _history(values["received_at"], item):
            if said.files:
                files.append((len(messages), said.files))
            messages.add(complaint_id=number, **_message(said, new))
    keys.take_ids()
    message_ids = messages.take_ids()
    for values, reference in zip(every, _references(len(every), moment), strict=True):
        complaints.add(**values, reference=reference)
    for rows in (complaints, messages, keys):
        rows.copy()
    for place, some in files:
        store_files(Message.objects.get(pk=message_ids[place]), some)
    record_new_chains(actor=actor, entries=_entries(every, items))
    publish(ComplaintsImported(complaint_ids=tuple(numbers)))


def _columns(items: Sequence[PastComplaint], moment: datetime) -> list[dict[str, Any]]:
    """The columns of the complaints but for id and reference; their customers are stored."""
    customers = customers_of([item.new.complainant for item in items])
    represented = [one for item in items if (one := item.new.representative) is not None]
    representatives = customers_of(represented)
    products = _products({item.new.product for item in items})
    found = []
    turn = 0
    for number, item in enumerate(items):
        values = _complaint(item, customers[key_of(item.new.complainant, number)], moment)
        product = products.get(item.new.product.lower())
        values["product_id"] = None if product is None else product.pk
        if item.new.representative is not None:
            values["representative_id"] = representatives[key_of(item.new.representative, turn)]
            turn += 1
        found.append(values)
    return found


def _products(names: set[str]) -> dict[str, Product]:
    names.discard("")
    if not names:
        return {}
    products = list(Product.objects.all()[:5000])
    return {**{one.name.lower(): one for one in products}, **{one.key.lower(): one for one in products}}


def _complaint(item: PastComplaint, customer_id: int, moment: datetime) -> dict[str, Any]:
    new = item.new
    received_at = new.received_at or moment
    ended = item.phase in _NEEDS_OUTCOME
    last = max(item.messages[-1].at, received_at) if item.messages else received_at
    resolved_at = (item.resolved_at or last) if ended else None
    answered = next((one.at for one in item.messages if one.direction == Direction.OUT), None)
    return {
        "public_id": uuid4(),
        "phase": item.phase,
        "customer_id": customer_id,
        "unit_id": new.unit_id,
        "product_text": new.product,
        "channel": new.channel,
        "subject": new.subject,
        "text": new.text,
        "attributes": as_json(dict(new.attributes)),
        "desired_outcome": new.desired_outcome,
        "language": new.complainant.language,
        "received_at": received_at,
        "registered_at": moment,
        "acknowledged_at": answered or (received_at if ended else None),
        "resolved_at": resolved_at,
        "closed_at": resolved_at if item.phase == Phase.CLOSED else None,
        "outcome": item.outcome if ended else "",
        "outcome_reason": item.outcome_reason if ended or item.phase not in OPEN_PHASES else "",
        "last_activity_at": max(last, resolved_at or last),
    }


def _history(received_at: datetime, item: PastComplaint) -> Sequence[PastMessage]:
    """What was said, or the complaint's own words as the only message."""
    if item.messages:
        return item.messages
    new = item.new
    sender = new.representative or new.complainant
    own = PastMessage(
        Direction.IN,
        received_at,
        new.text,
        author=sender.name,
        address=sender.email,
        subject=new.subject,
        files=new.files,
    )
    return [own]


_STATES: dict[str, str] = {
    Direction.IN: MessageState.RECEIVED,
    Direction.OUT: MessageState.SENT,
    Direction.INTERNAL: MessageState.NOTED,
}


def _message(said: PastMessage, new: NewComplaint) -> dict[str, Any]:
    """The columns of a message of the past."""
    out = said.direction == Direction.OUT
    return {
        "direction": said.direction,
        "kind": said.kind or ("note" if said.direction == Direction.INTERNAL else "message"),
        "channel": said.channel or new.channel,
        "from_name": said.author,
        "from_address": said.address,
        "to_address": said.to_address or (new.complainant.email if out else ""),
        "subject": said.subject,
        "text": said.text,
        "html": said.html,
        "state": _STATES[said.direction],
        "at": said.at,
        "sent_at": said.at if out else None,
    }


def _entries(
    every: Sequence[dict[str, Any]], items: Sequence[PastComplaint]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The first row of each complaint's record; a history is proved by its digest."""
    complaint = Complaint()  # one for all: it only carries what the row says
    for values, item in zip(every, items, strict=True):
        complaint.unit_id, complaint.product_id = values["unit_id"], values["product_id"]
        complaint.received_at = values["received_at"]
        kind, data = registered_entry(item.new, complaint)
        if item.messages:
            digest = hashlib.sha256()
            for one in item.messages:
                digest.update(f"{one.direction}\x1f{one.at.isoformat()}\x1f{one.text}\x1e".encode())
            data = {**data, "messages": len(item.messages), "messages_sha256": digest.hexdigest()}
        yield f"complaint:{values['id']}", kind, data


def _references(count: int, moment: datetime) -> list[str]:
    """Take as many numbers of the year as there are complaints, in one statement."""
    year = moment.astimezone(ZoneInfo(settings.AMENDS_TIME_ZONE)).year
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cases_referencecounter AS c (year, last) VALUES (%s, %s)
            ON CONFLICT (year) DO UPDATE SET last = c.last + excluded.last
            RETURNING last
            """,
            [year, count],
        )
        (last,) = cursor.fetchone()
    return [f"AM-{year}-{number:06d}" for number in range(last - count + 1, last + 1)]
