"""Webhooks that others send to us, and each delivery as it came. Found by Django through the channels that use them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit
from amends.core import clock


class Webhook(models.Model):
    """One address that somebody else's program sends to.

    `secrets` and `fetch_token` are sealed with the server's key (`core.sealing`), because checking a signature needs them; they
    are shown to nobody.
    """

    key = models.SlugField(max_length=60, unique=True)
    channel = models.CharField(max_length=20)
    mapping = models.CharField(max_length=80, blank=True, help_text="the name of a mapping file; empty: mapping_text")
    mapping_text = models.TextField(blank=True)
    paths = models.JSONField(default=dict, help_text="field → path, instead of the mapping's")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    secrets = models.JSONField(default=list, help_text="the newest first; the older ones hold until they are taken out")
    fetch_host = models.CharField(max_length=200, blank=True)
    fetch_token = models.TextField(blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        constraints = [
            models.CheckConstraint(condition=~Q(mapping="") | ~Q(mapping_text=""), name="webhook_has_a_mapping"),
        ]


class DeliveryState(models.TextChoices):
    """What became of a delivery."""

    RECEIVED = "received", _("Received")
    DONE = "done", _("Done")
    IGNORED = "ignored", _("Not meant for us")
    FAILED = "failed", _("Failed")
    DISCARDED = "discarded", _("Discarded")


class WebhookDelivery(models.Model):
    """What was sent, byte for byte, before anybody tries to understand it."""

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries")
    replay_key = models.CharField(max_length=64, help_text="SHA-256 of what was signed, or of its id")
    content_type = models.CharField(max_length=150, blank=True)
    body = models.BinaryField()
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.RECEIVED)
    reason = models.CharField(max_length=500, blank=True)
    result = models.CharField(max_length=80, blank=True, help_text="what it became: answer:12, call:7")
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("webhook", "replay_key", name="webhook_delivery_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="webhook_delivery_state_known"),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(reason=""), name="webhook_delivery_failed_why"),
        ]
        indexes = [
            models.Index(fields=["received_at", "id"], name="webhook_delivery_waiting", condition=Q(state="received")),
            models.Index(fields=["-id"], name="webhook_delivery_failed", condition=Q(state="failed")),
        ]
