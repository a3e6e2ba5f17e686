"""Inbound webhooks in the API: make and change them, and look after deliveries that need a person."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from amends.accounts.public import Permission, unit_by_key
from amends.core.api import api_actor, scope
from amends.intake.webhooks import mapping as mappings
from amends.intake.webhooks import services
from amends.intake.webhooks.models import Webhook, WebhookDelivery

router = Router(tags=["webhooks"])
PAGE = 100


class WebhookIn(Schema):
    """A new webhook: the name of a mapping, or a mapping of your own as TOML or JSON text."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,58}$")
    channel: Literal["phone"] = "phone"
    unit: str = Field(max_length=80)
    mapping: str = Field("", max_length=80)
    mapping_text: str = Field("", max_length=100_000)
    paths: dict[str, str] = Field(default_factory=dict)
    secret: str = Field("", max_length=500)
    fetch_host: str = Field("", max_length=200)
    fetch_token: str = Field("", max_length=500)


class WebhookOut(Schema):
    """A webhook. `secret` is there only in the answer that made it."""

    key: str
    channel: str
    mapping: str
    unit: str
    address: str
    active: bool
    secrets: int
    secret: str | None = None


class SecretIn(Schema):
    """A new secret (empty: one is made), and how many older ones go on being accepted."""

    secret: str = Field("", max_length=500)
    keep: int = Field(1, ge=0, le=4)


class SecretOut(Schema):
    """The new secret, shown this once."""

    secret: str


class SwitchIn(Schema):
    """On or off."""

    active: bool


class MappingOut(Schema):
    """A mapping file that can be used, or why it cannot."""

    name: str
    file: str
    channel: str = ""
    version: str = ""
    source: str = ""
    problem: str = ""


class DeliveryOut(Schema):
    """A delivery that could not be understood."""

    id: int
    webhook: str
    received_at: datetime
    state: str
    reason: str
    attempts: int
    bytes: int
    body_base64: str


class PageIn(Schema):
    """Which page: deliveries with a smaller id than `before`."""

    before: int | None = Field(None, ge=1, le=2**62)


def webhook_out(webhook: Webhook, secret: str | None = None) -> WebhookOut:
    """A webhook without its secrets."""
    return WebhookOut(
        key=webhook.key,
        channel=webhook.channel,
        mapping=webhook.mapping or "own",
        unit=webhook.unit.key,
        address=f"{settings.AMENDS_PUBLIC_URL}/hooks/{webhook.key}/",
        active=webhook.active,
        secrets=len(webhook.secrets),
        secret=secret,
    )


def _delivery_out(one: WebhookDelivery) -> DeliveryOut:
    return DeliveryOut(
        id=one.pk,
        webhook=one.webhook.key,
        received_at=one.received_at,
        state=one.state,
        reason=one.reason,
        attempts=one.attempts,
        bytes=len(one.body),
        body_base64=base64.b64encode(bytes(one.body)).decode(),
    )


@router.get("/webhooks", response=list[WebhookOut], summary="Webhooks of others")
@scope(Permission.SETTINGS_CHANGE)
def list_(request: HttpRequest) -> list[WebhookOut]:
    """Every webhook of the units this token sees."""
    actor = api_actor(request)
    found = Webhook.objects.select_related("unit").order_by("key")
    return [webhook_out(one) for one in found if actor.sees_unit(one.unit_id)]


@router.post("/webhooks", response={201: WebhookOut}, summary="Make a webhook for a telephone system")
@scope(Permission.SETTINGS_CHANGE)
def create(request: HttpRequest, body: WebhookIn) -> Status[WebhookOut]:
    """For a survey's webhook see `POST /surveys/{number}/webhook`."""
    webhook, secret = services.create_webhook(
        actor=api_actor(request),
        key=body.key,
        channel=body.channel,
        unit=unit_by_key(body.unit),
        mapping=body.mapping,
        mapping_text=body.mapping_text,
        paths=body.paths,
        secret=body.secret,
        fetch_host=body.fetch_host,
        fetch_token=body.fetch_token,
    )
    return Status(201, webhook_out(webhook, secret))


@router.get("/webhooks/mappings", response=list[MappingOut], summary="Mapping files, and what is wrong with them")
@scope(Permission.SETTINGS_CHANGE)
def mapping_list(request: HttpRequest) -> list[MappingOut]:
    """The shipped ones and those of AMENDS_WEBHOOKS_DIR."""
    found = []
    for name, path in sorted(mappings.mapping_files().items()):
        try:
            one = mappings.load(name)
        except mappings.MappingError as error:
            found.append(MappingOut(name=name, file=path.name, problem=error.message))
        else:
            found.append(
                MappingOut(name=name, file=path.name, channel=one.channel, version=one.version, source=one.source)
            )
    return found


@router.get("/webhooks/deliveries", response=list[DeliveryOut], summary="Deliveries that could not be understood")
@scope(Permission.QUARANTINE_WORK)
def deliveries(request: HttpRequest, page: Query[PageIn]) -> list[DeliveryOut]:
    """At most 100, newest first; ask again with `before` set to the last id."""
    rows = services.visible_failures(api_actor(request))
    if page.before is not None:
        rows = rows.filter(pk__lt=page.before)
    return [_delivery_out(one) for one in rows[:PAGE]]


@router.post("/webhooks/deliveries/{delivery_id}/retry", response=DeliveryOut, summary="Try a delivery again")
@scope(Permission.QUARANTINE_WORK)
def retry(request: HttpRequest, delivery_id: int) -> DeliveryOut:
    """Its state says what came of it."""
    return _delivery_out(services.retry(actor=api_actor(request), delivery_id=delivery_id))


@router.post("/webhooks/deliveries/{delivery_id}/discard", response={204: None}, summary="Take a delivery off the list")
@scope(Permission.QUARANTINE_WORK)
def discard(request: HttpRequest, delivery_id: int) -> Status[None]:
    """Its bytes stay."""
    services.discard(actor=api_actor(request), delivery_id=delivery_id)
    return Status(204, None)


@router.post("/webhooks/{key}/secret", response=SecretOut, summary="Change the secret of a webhook")
@scope(Permission.SETTINGS_CHANGE)
def change_secret(request: HttpRequest, key: str, body: SecretIn) -> SecretOut:
    """Give the new one to the sender, then call this with `keep` 0 to let the old one lapse."""
    secret = services.change_secret(actor=api_actor(request), key=key, secret=body.secret, keep=body.keep)
    return SecretOut(secret=secret)


@router.post("/webhooks/{key}/switch", response=WebhookOut, summary="Switch a webhook off or on")
@scope(Permission.SETTINGS_CHANGE)
def switch(request: HttpRequest, key: str, body: SwitchIn) -> WebhookOut:
    """Off: its address answers 404."""
    return webhook_out(services.switch(actor=api_actor(request), key=key, active=body.active))
