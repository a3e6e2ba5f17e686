"""The verbs of inbound webhooks: take in, understand, try again, discard; and make, change and read a webhook."""

from __future__ import annotations

import json
import secrets as random_secrets
from collections.abc import Mapping as Table
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet

from amends.accounts.public import Actor, Permission, Unit
from amends.audit.public import record
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict, NotFound
from amends.core.outgoing import OutgoingError, request
from amends.core.sealing import seal, unseal
from amends.core.text import clean_line
from amends.intake.webhooks import mapping as mappings
from amends.intake.webhooks.consumers import Mapped, consumers
from amends.intake.webhooks.models import DeliveryState, Webhook, WebhookDelivery
from amends.intake.webhooks.paths import PathError, check_path
from amends.intake.webhooks.signatures import verify

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
BODY_LIMIT = 1024 * 1024
ANSWER_LIMIT = 2 * 1024 * 1024
LEFT_BEHIND = timedelta(minutes=2)
GIVEN_UP = 5
LEAST_SECRET = 16


def mapping_of(webhook: Webhook) -> mappings.Mapping:
    """The mapping of a webhook with its own paths.

    Raises:
        MappingError: its file is gone or has become wrong.
    """
    found = (
        mappings.load(webhook.mapping)
        if webhook.mapping
        else mappings.read(webhook.mapping_text, name=f"the mapping of {webhook.key}")
    )
    own = {name: (path,) for name, path in webhook.paths.items()}
    return found.model_copy(update={"fields": {**found.fields, **own}}) if own else found


def receive(*, webhook: Webhook, headers: Table[str, str], body: bytes, url: str) -> tuple[WebhookDelivery, bool]:
    """Keep a signed delivery and defer its work, in one transaction; False when it was here before.

    Raises:
        BadSignatureError: it is not from them, or too old.
        MappingError: the webhook's mapping cannot be read, so that nothing can be checked.
    """
    from amends.intake.webhooks import jobs

    now = clock.now()
    rule = mapping_of(webhook).signature
    key = verify(rule, secrets=[unseal(one) for one in webhook.secrets], headers=headers, body=body, url=url, now=now)
    content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    with transaction.atomic():
        delivery, created = WebhookDelivery.objects.get_or_create(
            webhook=webhook,
            replay_key=key,
            defaults={"content_type": clean_line(content_type)[:150], "body": body, "received_at": now},
        )
        if created:
            jobs.process_later(delivery.pk)
    return delivery, created


def process(*, delivery_id: int, again: bool = False) -> str:
    """Understand one delivery and hand it to its channel; its state afterwards. Safe to run twice.

    Args:
        again: also one that has failed or was discarded.
    """
    wanted = [DeliveryState.RECEIVED, *([DeliveryState.FAILED, DeliveryState.DISCARDED] if again else [])]
    WebhookDelivery.objects.filter(pk=delivery_id, state__in=wanted).update(attempts=F("attempts") + 1)
    try:
        payload, mapping = _payload(WebhookDelivery.objects.select_related("webhook").get(pk=delivery_id))
        with transaction.atomic():
            delivery = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery_id)
            if delivery.state not in wanted:
                return delivery.state
            result = _consume(delivery, mapping, payload)
            return _settle(delivery, DeliveryState.DONE if result else DeliveryState.IGNORED, result=result)
    except (OperationalError, InterfaceError):
        raise  # the database is away: the job is tried again
    except AmendsError as refusal:
        reason = refusal.message
    except OutgoingError as trouble:
        reason = f"The answer could not be fetched: {trouble}"
    except Exception as error:  # whatever it is, the delivery is kept and a person can look at it
        log.exception("webhook delivery failed", delivery=delivery_id)
        reason = f"Something unexpected happened ({type(error).__name__}). Try again, or tell your administrator."
    with transaction.atomic():
        delivery = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery_id)
        return _settle(delivery, DeliveryState.FAILED, reason=reason) if delivery.state in wanted else delivery.state


def _payload(delivery: WebhookDelivery) -> tuple[Any, mappings.Mapping]:
    """What was sent, with what the sender has to be asked for."""
    webhook = delivery.webhook
    mapping = mapping_of(webhook)
    payload = mappings.payload_of(mapping, bytes(delivery.body))
    if mapping.fetch is None or not mappings.is_meant(mapping, payload):
        return payload, mapping
    address = mappings.fetch_address(mapping.fetch, payload, host=webhook.fetch_host)
    headers = {mapping.fetch.token_header: mapping.fetch.token_prefix + unseal(webhook.fetch_token)}
    answer = request("GET", address, headers=headers, max_bytes=ANSWER_LIMIT)
    if answer.status != 200:
        raise BadInput(f"The sender answered {answer.status} when it was asked for the answer.")
    fetched = answer.json()
    return {**(fetched if isinstance(fetched, dict) else {"fetched": fetched}), "sent": payload}, mapping


def _consume(delivery: WebhookDelivery, mapping: mappings.Mapping, payload: Any) -> str:
    sent = payload["sent"] if mapping.fetch is not None and isinstance(payload, dict) and "sent" in payload else payload
    if not mappings.is_meant(mapping, sent):
        return ""
    webhook = Webhook.objects.get(pk=delivery.webhook_id)
    return consumers[mapping.channel](
        Mapped(
            webhook_id=webhook.pk,
            unit_id=webhook.unit_id,
            received_at=delivery.received_at,
            fields=mappings.fields_of(mapping, payload),
            attributes=mappings.attributes_of(mapping, payload),
        )
    )


def _settle(delivery: WebhookDelivery, state: DeliveryState, *, result: str = "", reason: str = "") -> str:
    delivery.state, delivery.result, delivery.reason = state, result[:80], clean_line(reason)[:500]
    delivery.done_at = None if state == DeliveryState.FAILED else clock.now()
    delivery.save(update_fields=["state", "result", "reason", "done_at"])
    return state.value


def left_behind() -> list[int]:
    """Ids of deliveries whose job was lost, oldest first."""
    before = clock.now() - LEFT_BEHIND
    waiting = WebhookDelivery.objects.filter(state=DeliveryState.RECEIVED, received_at__lt=before)
    return list(waiting.order_by("received_at", "id").values_list("pk", flat=True)[:200])


def visible_failures(actor: Actor) -> QuerySet[WebhookDelivery]:
    """The failed deliveries this actor may look after, newest first."""
    actor.require(Permission.QUARANTINE_WORK)
    failed = WebhookDelivery.objects.filter(state=DeliveryState.FAILED).select_related("webhook")
    if actor.kind != "system" and actor.unit_ids is not None:
        failed = failed.filter(webhook__unit_id__in=actor.unit_ids)
    return failed.order_by("-id")


def _failure(actor: Actor, delivery_id: int) -> WebhookDelivery:
    found = visible_failures(actor).filter(pk=delivery_id).first() if delivery_id < 2**63 else None
    if found is None:
        raise NotFound
    return found


def retry(*, actor: Actor, delivery_id: int) -> WebhookDelivery:
    """Try a failed delivery once more, now; look at its state for what came of it."""
    delivery = _failure(actor, delivery_id)
    process(delivery_id=delivery.pk, again=True)
    delivery.refresh_from_db()
    record(
        actor=actor,
        chain=f"webhook:{delivery.webhook_id}",
        kind="webhook_delivery_retried",
        data={"delivery": delivery.pk, "state": str(delivery.state)},
    )
    return delivery


def discard(*, actor: Actor, delivery_id: int) -> None:
    """Take a failed delivery off the list; its bytes stay."""
    with transaction.atomic():
        delivery = _failure(actor, delivery_id)
        won = WebhookDelivery.objects.filter(pk=delivery.pk, state=DeliveryState.FAILED).update(
            state=DeliveryState.DISCARDED, done_at=clock.now()
        )
        if won:
            record(
                actor=actor,
                chain=f"webhook:{delivery.webhook_id}",
                kind="webhook_delivery_discarded",
                data={"delivery": delivery.pk},
            )


def create_webhook(
    *,
    actor: Actor,
    key: str,
    channel: str,
    unit: Unit,
    mapping: str = "",
    mapping_text: str = "",
    paths: Table[str, str] | None = None,
    secret: str = "",
    fetch_host: str = "",
    fetch_token: str = "",
) -> tuple[Webhook, str]:
    """A new address for somebody else's program, and its secret (made when none is given).

    Raises:
        MappingError: the mapping cannot be used; says where.
        BadInput, Conflict: another value cannot.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    if not actor.sees_unit(unit.pk):
        raise NotFound
    if bool(mapping) == bool(mapping_text):
        raise BadInput("Give the name of a mapping file or a mapping of your own, one of them.", field="mapping")
    found = mappings.load(mapping) if mapping else mappings.read(mapping_text, name="mapping_text")
    if found.channel != channel:
        raise BadInput(f"The mapping {found.name} is for the channel {found.channel}.", field="mapping")
    if "{fetch_host}" in (found.fetch.url if found.fetch else "") and not fetch_host:
        raise BadInput(
            "This mapping asks the sender for the answer: say its fetch_host and fetch_token.", field="fetch_host"
        )
    secret = checked_secret(secret)
    with transaction.atomic():
        if Webhook.objects.filter(key=key).exists():
            raise Conflict("There is a webhook with this key already.", field="key")
        webhook = Webhook.objects.create(
            key=key,
            channel=channel,
            mapping=mapping,
            mapping_text=mapping_text,
            paths=checked_paths(paths or {}, channel),
            unit=unit,
            secrets=[seal(secret)],
            fetch_host=clean_line(fetch_host)[:200],
            fetch_token=seal(fetch_token.strip()[:500]),
        )
        record(
            actor=actor,
            chain=f"webhook:{webhook.pk}",
            kind="webhook_created",
            data={"key": key, "channel": channel, "mapping": mapping or "own", "unit": unit.pk},
        )
    return webhook, secret


def checked_secret(secret: str) -> str:
    """The given secret, or a new one.

    Raises:
        BadInput: it is too short.
    """
    secret = secret.strip()
    if secret and (len(secret) < LEAST_SECRET or len(secret) > 500):
        raise BadInput(f"A secret has at least {LEAST_SECRET} and at most 500 characters.", field="secret")
    return secret or random_secrets.token_urlsafe(32)


def checked_paths(paths: Table[str, str], channel: str) -> dict[str, str]:
    """Own paths, each for a field that there is.

    Raises:
        BadInput: one cannot be used.
    """
    for name, path in paths.items():
        if name not in mappings.FIELDS.get(channel, ()):
            raise BadInput(f"{name} is no field of the channel {channel}.", field="paths")
        try:
            check_path(path)
        except PathError as error:
            raise BadInput(f"{name}: {error}", field="paths") from error
    if len(json.dumps(dict(paths))) > 5000:
        raise BadInput("The paths are too long together.", field="paths")
    return dict(paths)


def webhook_by_key(actor: Actor, key: str) -> Webhook:
    """The webhook with this key, if the actor sees its unit."""
    webhook = Webhook.objects.filter(key=clean_line(key)[:60]).first()
    if webhook is None or not actor.sees_unit(webhook.unit_id):
        raise NotFound
    return webhook


def change_secret(*, actor: Actor, key: str, secret: str = "", keep: int = 1) -> str:
    """A new secret in front; `keep` older ones go on being accepted (0: none). The new one is the answer."""
    actor.require(Permission.SETTINGS_CHANGE)
    secret = checked_secret(secret)
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=webhook_by_key(actor, key).pk)
        older: Sequence[str] = webhook.secrets
        webhook.secrets = [seal(secret), *older[: max(0, min(keep, 4))]]
        webhook.save(update_fields=["secrets"])
        record(
            actor=actor,
            chain=f"webhook:{webhook.pk}",
            kind="webhook_secret_changed",
            data={"kept": len(webhook.secrets) - 1},
        )
    return secret


def switch(*, actor: Actor, key: str, active: bool) -> Webhook:
    """Switch a webhook off (its address then answers 404) or on again."""
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=webhook_by_key(actor, key).pk)
        webhook.active = active
        webhook.save(update_fields=["active"])
        record(actor=actor, chain=f"webhook:{webhook.pk}", kind="webhook_switched", data={"active": active})
    return webhook
