"""What somebody was told, by which ways, and who answered for it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import User
from amends.core import clock


class Alert(models.Model):
    """Something that somebody must take up. It climbs until somebody says that they have it.

    `levels` is who is told in which order, worked out when the alert was raised: `[[ids], [ids], …]`. `level` is the last
    one that was told, counted from 0; `climbs_at` is when the next is told, and empty once somebody has it.
    """

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    complaint_id = models.BigIntegerField(null=True)
    url = models.CharField(max_length=300)
    titles = models.JSONField(help_text="its words in each language of the pages")
    levels = models.JSONField()
    level = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=0, help_text="how often the last level was reminded")
    minutes = models.PositiveSmallIntegerField(help_text="how long each level has")
    raised_at = models.DateTimeField(default=clock.now)
    climbs_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    answered_how = models.CharField(max_length=12, blank=True, help_text="button, link, api or by itself")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(climbs_at__isnull=True), name="alert_answered_is_still"
            ),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="alert_has_minutes"),
        ]
        indexes = [
            models.Index(fields=["climbs_at", "id"], name="alert_climbs", condition=Q(climbs_at__isnull=False)),
            models.Index(fields=["complaint_id", "id"], name="alert_complaint"),
        ]


class Notification(models.Model):
    """One thing one person should know. `key` makes it once: the same event never tells the same person twice."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300, help_text="reference and our own words; no personal data")
    url = models.CharField(max_length=300)
    complaint_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120)
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, related_name="notifications")
    stands_in_for = models.ForeignKey(User, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("user", "key", name="notification_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notification_unread", condition=Q(read_at=None)),
            models.Index(fields=["alert", "id"], name="notification_alert", condition=Q(alert__isnull=False)),
        ]


class Way(models.TextChoices):
    """By which way somebody is told, beside the page."""

    EMAIL = "email", _("E-mail")
    SERVICE = "service", _("Messenger or SMS")
    WEBHOOK = "webhook", _("Webhook")


class DeliveryState(models.TextChoices):
    """Where a delivery stands."""

    QUEUED = "queued", _("On its way")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    DROPPED = "dropped", _("Not needed any more")


class Delivery(models.Model):
    """One notification by one way beside the page."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="deliveries")
    way = models.CharField(max_length=10, choices=Way.choices)
    target = models.CharField(
        max_length=80, blank=True, help_text="the name of the service or webhook; never its secret"
    )
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    not_before = models.DateTimeField(help_text="later than the notification in somebody's quiet hours")
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("notification", "way", "target", name="delivery_once"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
            models.CheckConstraint(condition=~Q(state="failed") | ~Q(reason=""), name="delivery_failed_says_why"),
        ]
        indexes = [
            models.Index(
                fields=["not_before", "id"], name="delivery_waiting", condition=Q(state__in=["queued", "sending"])
            )
        ]


class Wishes(models.Model):
    """How somebody wants to be told. Without a row: in the page, and by e-mail what must be taken up."""

    user = models.OneToOneField(User, models.CASCADE, related_name="alert_wishes")
    by_email = models.CharField(max_length=10, default="urgent", help_text="never, urgent or all")
    services = ArrayField(
        models.CharField(max_length=80), default=list, help_text="names of the organisation's services"
    )
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    timezone = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(by_email__in=["never", "urgent", "all"]), name="wishes_by_email_known"),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="wishes_quiet_whole",
            ),
        ]


class StandIn(models.Model):
    """Somebody is away, and a colleague is told instead."""

    user = models.ForeignKey(User, models.CASCADE, related_name="absences")
    stand_in = models.ForeignKey(User, models.CASCADE, related_name="stands_in")
    first = models.DateTimeField()
    last = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last__gt=F("first")), name="stand_in_ends_after_start"),
            models.CheckConstraint(condition=~Q(user=F("stand_in")), name="stand_in_is_another"),
        ]
        indexes = [models.Index(fields=["user", "last"], name="stand_in_user")]
