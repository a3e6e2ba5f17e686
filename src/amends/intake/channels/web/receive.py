"""From a filled-in form to a registered complaint, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Unit, root_unit, unit_by_key
from amends.cases.public import Complaint, IntakeKey, NewComplaint, NewFile, Person, Registration, register
from amends.core.errors import AmendsError
from amends.core.text import normalise_email, shorten
from amends.intake.channels.web.guard import (
    ADDRESS_WINDOW,
    OLDEST,
    PER_ADDRESS,
    PER_VISITOR,
    VISITOR_WINDOW,
    Stamp,
    visitor_hash,
)
from amends.intake.channels.web.models import FormUse

SOURCE = "web"
VISITOR = Actor(kind="customer", id=None, name="")
"""Whoever fills in the form; the record names nobody."""


class TooOftenError(AmendsError):
    """This visitor or address has sent many complaints within the hour."""

    status = 429
    code = "too_often"


def already_sent(stamp: Stamp) -> Complaint | None:
    """The complaint that was made of this very form before."""
    known = IntakeKey.objects.select_related("complaint").filter(source=SOURCE, key=stamp.key).first()
    return known.complaint if known else None


def receive(
    *,
    values: dict[str, Any],
    extra: dict[str, Any],
    files: list[NewFile],
    unit: Unit | None,
    stamp: Stamp,
    visitor: str,
    language: str,
    now: datetime,
) -> Registration:
    """Register what a customer sent with the form; the same stamp again is the same complaint.

    Args:
        visitor: the network address of the browser; only a digest of the day is kept.

    Raises:
        TooOftenError: more than a person sends in an hour.
        Conflict: this form was sent before with other words.
    """
    new = _new(values, extra, files, unit, stamp, language)
    digest = visitor_hash(visitor, now)
    with transaction.atomic():
        if already_sent(stamp) is None:
            _refuse_too_many(digest, new.complainant if new.representative is None else new.representative, now)
        registration = register(actor=VISITOR, new=new)
        if registration.created:
            FormUse.objects.filter(at__lt=now - OLDEST).delete()
            FormUse.objects.create(visitor=digest, at=now)
    return registration


def _new(
    values: dict[str, Any], extra: dict[str, Any], files: list[NewFile], unit: Unit | None, stamp: Stamp, language: str
) -> NewComplaint:
    writer = Person(name=values["name"], email=values["email"], phone=values["phone"], language=language)
    other = values["for_somebody"].strip()
    if unit is None:
        unit = unit_by_key(values["shop"]) if values.get("shop") else root_unit()
    return NewComplaint(
        channel="web",
        complainant=Person(name=other, language=language) if other else writer,
        representative=writer if other else None,
        unit_id=unit.pk,
        subject=shorten(values["text"], 90),
        text=values["text"],
        product=values["product"],
        attributes=extra,
        desired_outcome=values["wish"],
        source=SOURCE,
        key=stamp.key,
        files=files,
    )


def _refuse_too_many(digest: str, writer: Person, now: datetime) -> None:
    visits = FormUse.objects.filter(visitor=digest, at__gt=now - VISITOR_WINDOW).count()
    email = normalise_email(writer.email)
    written = 0
    if email:
        sent = Complaint.objects.filter(channel="web", registered_at__gt=now - ADDRESS_WINDOW)
        written = sent.filter(customer__email=email).count() + sent.filter(representative__email=email).count()
    if visits >= PER_VISITOR or written >= PER_ADDRESS:
        raise TooOftenError(
            _("A lot has been sent from here within the last hour. Your words are still in the form: try again later.")
        )
