"""The verb that turns something somebody sent into a registered complaint, exactly once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from amends.accounts.public import Actor
from amends.audit.public import Entry, record_many
from amends.cases.events import ComplaintRegistered
from amends.cases.lifecycle import Phase
from amends.cases.models import (
    Attachment,
    Blob,
    Complaint,
    Direction,
    IntakeKey,
    Message,
    MessageState,
    Product,
)
from amends.cases.news import announce_change
from amends.core import clock
from amends.core.errors import BadInput, Conflict
from amends.core.events import publish
from amends.core.text import clean, clean_line, normalise_email
from amends.core.text import digest as text_digest
from amends.core.together import piece_of_work, share

LIMITS = {
    "name": 300,
    "email": 320,
    "phone": 80,
    "account_number": 100,
    "user_name": 100,
    "subject": 500,
    "product": 300,
}
TEXT_LIMIT = 2_000_000
SAME_AGAIN = timedelta(hours=24)
"""The same words from the same address within this time are the same complaint, sent twice."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody as they gave themselves; every field may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    account_number: str = ""
    user_name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that came along; `content_type` is the sniffed one."""

    name: str
    content_type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class NewComplaint:
    """Everything known when a complaint arrives.

    Attributes:
        source, key: where it came from and its key there (`token:3` and the Idempotency-Key; `email` and the Message-ID);
            an empty key means that the channel has none.
        merge_same_words: treat the same words from the same address within `SAME_AGAIN` as one complaint.
        received_at: when it reached us, aware; None is now.
        imported: it happened in the past: nothing is sent and nobody is alarmed.
        protection: how a mail was signed or encrypted, for people.
        source_mail: the id of the mail whose bytes are kept.
    """

    channel: str
    complainant: Person
    unit_id: int
    subject: str = ""
    text: str = ""
    html: str = ""
    representative: Person | None = None
    product: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    desired_outcome: str = ""
    source: str = ""
    key: str = ""
    merge_same_words: bool = False
    received_at: datetime | None = None
    message_id: str = ""
    files: Sequence[NewFile] = ()
    imported: bool = False
    protection: str = ""
    source_mail: int | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """The complaint, and whether this call created it."""

    complaint: Complaint
    created: bool


def register(*, actor: Actor, new: NewComplaint) -> Registration:
    """Store a complaint with its first message, its record and everything its handlers start, or nothing at all.

    Raises:
        BadInput: there is nothing to register, or a value is too long.
        Conflict: the key was used before for something else.
    """
    new = as_checked(new)
    digest = digest_of(new)
    with piece_of_work():
        known = _same_words(new, digest)
        new_id, twin = (None, None) if known else _claim_key(new, digest)
        if known or twin:
            return Registration(known or twin, created=False)  # type: ignore[arg-type]  # one of them is there
        moment = clock.now()
        complaint = _store(new, moment, new_id)
        if _merges(new):
            key = f"{digest}:{complaint.pk}"
            IntakeKey.objects.create(source="words", key=key, digest=digest, complaint=complaint, created_at=moment)
        record_many(
            actor=actor, chain=f"complaint:{complaint.pk}", entries=[registered_entry(new, complaint)], new_chain=True
        )
        publish(
            ComplaintRegistered(
                complaint_id=complaint.pk,
                unit_id=complaint.unit_id,
                channel=complaint.channel,
                received_at=complaint.received_at,
                imported=new.imported,
            )
        )
        if not new.imported:
            announce_change(complaint)
        give_reference(complaint)
    return Registration(complaint, created=True)


def give_reference(complaint: Complaint) -> None:
    """Give the next number of the year, as the last act of the transaction: the counter's row is locked until the commit.

    A sequence would be faster but leaves a gap when a transaction fails, and a missing number is the first thing an
    auditor asks about.
    """
    year = complaint.registered_at.astimezone(ZoneInfo(settings.AMENDS_TIME_ZONE)).year
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH counter AS (
                INSERT INTO cases_referencecounter AS c (year, last) VALUES (%s, 1)
                ON CONFLICT (year) DO UPDATE SET last = c.last + 1
                RETURNING last
            )
            UPDATE cases_complaint SET reference = 'AM-' || %s || '-' || lpad(counter.last::text, 6, '0'),
                next_due_at = coalesce(%s, next_due_at), next_due_kind = coalesce(nullif(%s, ''), next_due_kind)
            FROM counter WHERE cases_complaint.id = %s
            RETURNING reference
            """,
            [year, str(year), complaint.next_due_at, complaint.next_due_kind, complaint.pk],
        )
        (complaint.reference,) = cursor.fetchone()


def as_checked(new: NewComplaint) -> NewComplaint:
    """The same complaint with every text cleaned; too long is refused, not cut."""
    if len(new.text) > TEXT_LIMIT:
        raise BadInput(
            _("The text is longer than %(limit)s characters: send the rest as a file.") % {"limit": f"{TEXT_LIMIT:,}"},
            field="text",
        )
    cleaned = replace(
        new,
        complainant=_checked_person(new.complainant, "complainant"),
        representative=None if new.representative is None else _checked_person(new.representative, "representative"),
        subject=_limited(clean_line(new.subject), "subject"),
        product=_limited(clean_line(new.product), "product"),
        text=clean(new.text).strip(),
        desired_outcome=clean(new.desired_outcome).strip(),
        attributes={
            clean_line(name)[:100]: clean(value) if isinstance(value, str) else value
            for name, value in new.attributes.items()
        },
    )
    if not (cleaned.text or cleaned.subject or cleaned.files):
        raise BadInput(_("Say what went wrong: the subject and the text are both empty."), field="text")
    return cleaned


def _checked_person(person: Person, who: str) -> Person:
    values = {
        name: _limited(clean_line(getattr(person, name)), name, f"{who}.{name}")
        for name in ("name", "phone", "account_number", "user_name")
    }
    email = _limited(normalise_email(person.email), "email", f"{who}.email")
    return Person(
        email=email, address=clean(person.address).strip()[:2000], language=clean_line(person.language)[:10], **values
    )


def _limited(value: str, name: str, label: str = "") -> str:
    if len(value) > LIMITS[name]:
        raise BadInput(
            _("%(field)s is longer than %(limit)s characters.")
            % {"field": (label or name).replace("_", " "), "limit": LIMITS[name]},
            field=label or name,
        )
    return value


def digest_of(new: NewComplaint) -> str:
    """What a complaint says, as a SHA-256: the same words by the same person have the same one."""
    parts = (
        new.channel,
        new.complainant.email,
        new.complainant.name,
        new.complainant.phone,
        new.subject,
        new.text,
        new.product,
    )
    digest = hashlib.sha256("\x1f".join(parts).encode())
    for one in new.files:
        digest.update(hashlib.sha256(one.data).digest())
    return digest.hexdigest()


def _claim_key(new: NewComplaint, digest: str) -> tuple[int | None, Complaint | None]:
    """Claim the key for a new complaint: `(its id, None)`, or `(None, the complaint the key has become already)`.

    One statement: a concurrent twin waits at the unique index until we commit or fail. The id is taken from the sequence
    before the complaint exists; the foreign key is checked at the commit.
    """
    if not new.key:
        return None, None
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cases_intakekey (source, key, digest, complaint_id, created_at)
            VALUES (%s, %s, %s, nextval(pg_get_serial_sequence('cases_complaint', 'id')), %s)
            ON CONFLICT (source, key) DO NOTHING RETURNING complaint_id
            """,
            [new.source, new.key, digest, clock.now()],
        )
        row = cursor.fetchone()
    if row is not None:
        return row[0], None
    known = IntakeKey.objects.select_related("complaint").get(source=new.source, key=new.key)
    if known.digest != digest:
        raise Conflict("This idempotency key was used before for a different complaint: use a new key.")
    return None, known.complaint


def _same_words(new: NewComplaint, digest: str) -> Complaint | None:
    """The complaint that said the same a moment ago, when the channel asks for that; concurrent twins wait for each other."""
    if not _merges(new):
        return None
    _lock(f"words\x1f{digest}")
    known = (
        IntakeKey.objects.select_related("complaint")
        .filter(source="words", key__startswith=f"{digest}:", created_at__gt=clock.now() - SAME_AGAIN)
        .order_by("-id")
        .first()
    )
    return None if known is None else known.complaint


def _merges(new: NewComplaint) -> bool:
    return bool(new.merge_same_words and new.complainant.email and new.text)


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7301))", [name])


def _store(new: NewComplaint, moment: datetime, new_id: int | None) -> Complaint:
    received_at = new.received_at or moment
    complaint = Complaint(
        id=new_id,
        public_id=uuid4(),
        phase=Phase.REGISTERED,
        customer_id=customer_for(new.complainant, moment),
        representative_id=None if new.representative is None else customer_for(new.representative, moment),
        unit_id=new.unit_id,
        product=_product(new.product),
        product_text=new.product,
        channel=new.channel,
        subject=new.subject,
        text=new.text,
        attributes=dict(new.attributes),
        desired_outcome=new.desired_outcome,
        language=new.complainant.language,
        received_at=received_at,
        registered_at=moment,
        last_activity_at=received_at,
        waiting_for_us_since=None if new.imported else received_at,
    )
    complaint.save(force_insert=True)
    share(("complaint", complaint.pk), complaint)  # nobody else can see the row before the commit
    sender = new.representative or new.complainant
    message = Message.objects.create(
        complaint=complaint,
        direction=Direction.IN,
        kind="message",
        channel=new.channel,
        from_name=sender.name,
        from_address=sender.email,
        subject=new.subject,
        text=new.text,
        html=new.html,
        message_id=new.message_id,
        state=MessageState.RECEIVED,
        at=received_at,
        protection=new.protection[:20],
        source_mail=new.source_mail,
    )
    share(("first_message", complaint.pk), message.pk)
    store_files(message, new.files)
    return complaint


def customer_for(person: Person, moment: datetime) -> int:
    """The id of the customer with this address and name, made when there is none; what is missing there is filled in."""
    values = [person.phone, person.address, person.account_number, person.user_name, person.language]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cases_customer AS c (email, name, phone, address, account_number, user_name, language, created_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (email, name) WHERE NOT (email = '') DO UPDATE SET
                phone = coalesce(nullif(c.phone, ''), excluded.phone),
                address = coalesce(nullif(c.address, ''), excluded.address),
                account_number = coalesce(nullif(c.account_number, ''), excluded.account_number),
                user_name = coalesce(nullif(c.user_name, ''), excluded.user_name),
                language = coalesce(nullif(c.language, ''), excluded.language)
            RETURNING id
            """,
            [person.email, person.name, *values, moment],
        )
        (customer_id,) = cursor.fetchone()
    return int(customer_id)


def _product(text: str) -> Product | None:
    if not text:
        return None
    return Product.objects.filter(key=text[:80]).first() or Product.objects.filter(name__iexact=text).first()


def store_files(message: Message, files: Sequence[NewFile]) -> None:
    """Keep files with a message; the same bytes are stored once."""
    for one in files:
        digest = hashlib.sha256(one.data).hexdigest()
        Blob.objects.bulk_create([Blob(sha256=digest, size=len(one.data), data=one.data)], ignore_conflicts=True)
        Attachment.objects.create(
            message=message,
            blob_id=Blob.objects.values_list("pk", flat=True).get(sha256=digest),
            name=clean_line(one.name)[:255] or "file",
            content_type=one.content_type[:150],
            content_id=one.content_id[:255],
        )


def registered_entry(new: NewComplaint, complaint: Complaint) -> Entry:
    """The first row of a complaint's record."""
    return (
        "registered",
        {
            "channel": new.channel,
            "unit": complaint.unit_id,
            "product": complaint.product_id,
            "received_at": complaint.received_at.isoformat(),
            "text_sha256": text_digest(new.text),
            "files": len(new.files),
            "represented": new.representative is not None,
            "imported": new.imported,
        },
    )
