"""What somebody was told, and whether they have seen it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amends.accounts.public import User
from amends.core import clock


class Notification(models.Model):
    """One thing one person should know. `key` makes it once: the same event never tells the same person twice."""

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=300, help_text="reference and our own words; no personal data")
    url = models.CharField(max_length=300)
    complaint_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("user", "key", name="notification_once")]
        indexes = [models.Index(fields=["user", "-id"], name="notification_unread", condition=Q(read_at=None))]
