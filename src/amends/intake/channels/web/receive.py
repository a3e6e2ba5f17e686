"""From a filled-in form to a registered complaint, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Unit, root_unit, unit_by_key
from amends.cases.public import Complaint, IntakeKey, Message, NewComplaint, NewFile, Person, Registration, register
from amends.core.errors import AmendsError
from amends.core.text import normalise_email, shorten
from amends.intake.channels.web.guard import (
    ADDRESS_WINDOW,
    EVERYWHERE_WINDOW,
    OLDEST,
    PER_ADDRESS,
    PER_EVERYWHERE,
    PER_VISITOR,
    VISITOR_WINDOW,
    Stamp,
    visitor_hash,
)
from amends.intake.channels.web.models import FormUse
from amends.intake.channels.web.scanning import Scanned, hold_files

SOURCE = "web"
VISITOR = Actor(kind="customer", id=None, name="")
"""Whoever fills in the form; the record names nobody."""


class TooOftenError(AmendsError):
    """This visitor or address has sent many complaints within the hour."""

    status = 429
    code = "too_often"


def receive(
    *,
    values: dict[str, Any],
    extra: dict[str, Any],
    files: Scanned,
    unit: Unit | None,
    stamp: Stamp,
    visitor: str,
    language: str,
    now: datetime,
) -> Registration:
    """Register what a customer sent with the form; the same stamp again is the same complaint.

    Args:
        files: the ones to keep, and the ones that wait for the virus scanner.
        visitor: the network address of the browser; only a digest of the day is kept.

    Raises:
        TooOftenError: more than a person sends in an hour.
        Conflict: this form was sent before with other words.
    """
    new = _new(values, extra, files.clean, unit, stamp, language)
    writer = new.complainant if new.representative is None else new.representative
    with transaction.atomic():
        refuse_too_many(source=SOURCE, stamp=stamp, visitor=visitor, email=writer.email, now=now)
        registration = register(actor=VISITOR, new=new)
        if registration.created:
            count_use(visitor=visitor, now=now)
            first = Message.objects.filter(complaint=registration.complaint).order_by("id")[0]
            hold_files(actor=VISITOR, message=first, files=files.held)
    return registration


def count_use(*, visitor: str, now: datetime) -> None:
    """Remember that somebody from here has sent something; what is old is forgotten."""
    FormUse.objects.filter(at__lt=now - OLDEST).delete()
    FormUse.objects.create(visitor=visitor_hash(visitor, now), at=now)


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


def refuse_too_many(*, source: str, stamp: Stamp, visitor: str, email: str, now: datetime) -> None:
    """Stop a flood from one place, with one address, or from everywhere; what was sent before with this stamp goes through.

    Raises:
        TooOftenError: the sentence says that the words are still in the form.
    """
    if IntakeKey.objects.filter(source=source, key=stamp.key).exists():
        return
    visits = FormUse.objects.filter(visitor=visitor_hash(visitor, now), at__gt=now - VISITOR_WINDOW).count()
    email = normalise_email(email)
    written = 0
    if email:
        sent = Complaint.objects.filter(channel__in=["web", "chat"], registered_at__gt=now - ADDRESS_WINDOW)
        written = sent.filter(customer__email=email).count() + sent.filter(representative__email=email).count()
    if visits >= PER_VISITOR or written >= PER_ADDRESS or _flooded(now):
        raise TooOftenError(
            _("A lot has been sent from here within the last hour. Your words are still in the form: try again later.")
        )


def _flooded(now: datetime) -> bool:
    return FormUse.objects.filter(at__gt=now - EVERYWHERE_WINDOW).count() >= PER_EVERYWHERE
