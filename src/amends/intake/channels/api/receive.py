"""Complaints that come through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import ConfigDict, Field

from amends.accounts.public import Actor, root_unit, unit_by_key
from amends.cases.public import NewComplaint, Person, Registration, register
from amends.core.errors import BadInput
from amends.intake.channels.channel import channels

ATTRIBUTES_LIMIT = 100


class PersonIn(Schema):
    """Somebody in a complaint; give at least one way to reach them."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field("", max_length=300)
    email: str = Field("", max_length=320, pattern=r"^$|^[^@\s]+@[^@\s]+$")
    phone: str = Field("", max_length=80)
    address: str = Field("", max_length=2000)
    account_number: str = Field("", max_length=100)
    user_name: str = Field("", max_length=100)
    language: str = Field("", max_length=10, pattern=r"^$|^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,6})?$")


class ComplaintIn(Schema):
    """A complaint to register."""

    model_config = ConfigDict(extra="forbid")
    channel: str = Field("api", description="api, phone, chat, web, email, survey, review, letter, shop…")
    complainant: PersonIn
    representative: PersonIn | None = Field(None, description="who complains on the complainant's behalf")
    subject: str = Field("", max_length=500)
    text: str = Field("", max_length=500_000)
    product: str = Field("", max_length=300)
    attributes: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    unit: str = Field("", max_length=80, description="the key of the branch, shop or region; empty is the organisation")
    desired_outcome: str = Field("", max_length=20_000)
    received_at: datetime | None = Field(None, description="when it reached you, with its offset; empty is now")


def receive(*, actor: Actor, body: ComplaintIn, idempotency_key: str) -> Registration:
    """Register a complaint for the program that sent it.

    Raises:
        BadInput: a value is not possible; the message names it.
        Conflict: the idempotency key was used for another complaint.
    """
    _check(body, idempotency_key)
    unit = unit_by_key(body.unit) if body.unit else root_unit()
    if not actor.sees_unit(unit.pk):
        raise BadInput(f"There is no unit {body.unit!r}.", field="unit")
    return register(
        actor=actor,
        new=NewComplaint(
            channel=body.channel,
            complainant=Person(**body.complainant.dict()),
            representative=None if body.representative is None else Person(**body.representative.dict()),
            unit_id=unit.pk,
            subject=body.subject,
            text=body.text,
            product=body.product,
            attributes=body.attributes,
            desired_outcome=body.desired_outcome,
            received_at=body.received_at,
            source=f"token:{actor.id}",
            key=idempotency_key,
            merge_same_words=not idempotency_key,
        ),
    )


def _check(body: ComplaintIn, idempotency_key: str) -> None:
    named = [channel.key for channel in channels if channel.by_api]
    if body.channel not in named:
        raise BadInput(f"There is no channel {body.channel!r}; choose from {', '.join(named)}.", field="channel")
    if len(idempotency_key) > 255:
        raise BadInput("The Idempotency-Key is longer than 255 characters.", field="Idempotency-Key")
    if body.received_at is not None and body.received_at.tzinfo is None:
        raise BadInput("received_at needs an offset, for example 2026-03-02T09:00:00+01:00.", field="received_at")
    _check_attributes(body.attributes)


def _check_attributes(attributes: dict[str, Any]) -> None:
    if len(attributes) > ATTRIBUTES_LIMIT:
        raise BadInput(f"At most {ATTRIBUTES_LIMIT} attributes.", field="attributes")
    for name, value in attributes.items():
        if len(name) > 100 or (isinstance(value, str) and len(value) > 2000):
            raise BadInput("An attribute's name has at most 100 characters and its value 2,000.", field="attributes")
        if "\x00" in name or (isinstance(value, str) and "\x00" in value):
            raise BadInput("An attribute contains a NUL character.", field="attributes")
        if isinstance(value, float) and not (-1e300 < value < 1e300):
            raise BadInput("An attribute's number must be finite.", field="attributes")
