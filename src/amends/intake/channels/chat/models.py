"""The chat of a case: who is there, how far each has read, and whether it is open. The words are messages of the case."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.core import clock


class Place(models.TextChoices):
    """Where the customer opened the chat."""

    PORTAL = "portal", _("Customer's page")
    WIDGET = "widget", _("Web site")


class Chat(models.Model):
    """The live chat of one case; there is never a second one. It may be ended and opened again."""

    complaint = models.OneToOneField(Complaint, models.CASCADE, related_name="+")
    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    place = models.CharField(max_length=10, choices=Place.choices)
    opened_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    agent = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="who answered last")
    customer_at = models.DateTimeField(null=True, help_text="the last sign of life of the customer's page")
    customer_left_at = models.DateTimeField(null=True, help_text="when the page was closed; null while it is open")
    customer_seen = models.BigIntegerField(default=0, help_text="the last message that the customer's page has shown")
    customer_typing_at = models.DateTimeField(null=True)
    agent_at = models.DateTimeField(null=True, help_text="the last sign of life of a colleague with this chat open")
    agent_typing_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(place__in=Place.values), name="chat_place_known"),
            models.CheckConstraint(condition=Q(customer_seen__gte=0), name="chat_seen_not_negative"),
        ]
        indexes = [models.Index(fields=["-opened_at", "-id"], name="chat_open", condition=Q(ended_at=None))]

    @property
    def is_open(self) -> bool:
        """Whether it is stored and not ended."""
        return not self._state.adding and self.ended_at is None


class ChatDuty(models.Model):
    """A colleague who has the chats open and can answer; `at` is the last sign of life."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["at"], name="chat_duty_at")]
