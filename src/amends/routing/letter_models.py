"""A letter from somebody at the top: at most one in a case, and never sent by whoever wrote it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import User
from amends.cases.public import Complaint, Message
from amends.core import clock


class LetterState(models.TextChoices):
    """Where a letter stands."""

    PROPOSED = "proposed", _("To be written")
    WAITING = "waiting", _("Waits for approval")
    SENT = "sent", _("Sent")
    DECLINED = "declined", _("Not needed")


class LeadershipLetter(models.Model):
    """The letter of a senior leader in a case. `own_words` is what only a person can write; the rest is the template."""

    complaint = models.OneToOneField(Complaint, models.CASCADE, related_name="leadership_letter")
    state = models.CharField(max_length=10, choices=LetterState.choices, default=LetterState.PROPOSED)
    key = models.CharField(
        max_length=40, blank=True, help_text="the criterion that proposed it; empty when a person did"
    )
    why = models.TextField(blank=True)
    leader = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", help_text="who signs")
    own_words = models.TextField(blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    prepared_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, help_text="why it was returned or declined")
    message = models.ForeignKey(Message, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "routing"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=LetterState.values), name="leadership_letter_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "declined"])
                | (Q(leader__isnull=False, prepared_by__isnull=False) & ~Q(own_words="")),
                name="leadership_letter_is_written",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(decided_by__isnull=False, message__isnull=False),
                name="leadership_letter_sent_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | ~Q(decided_by=F("prepared_by")), name="leadership_letter_four_eyes"
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | ~Q(reason=""), name="leadership_letter_declined_has_reason"
            ),
        ]
