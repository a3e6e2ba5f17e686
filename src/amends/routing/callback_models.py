"""Calls that we owe a customer, and each attempt."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit, User
from amends.cases.public import Complaint
from amends.core import clock


class CallBackState(models.TextChoices):
    """Where a call-back stands."""

    OPEN = "open", _("To be rung")
    REACHED = "reached", _("Reached")
    REFUSED = "refused", _("Does not want a call")
    LETTER = "letter", _("Write a letter instead")
    MERGED = "merged", _("Goes on with their case")
    ANSWERED = "answered", _("They were spoken to meanwhile")


class CallBackWhy(models.TextChoices):
    """Why we ring."""

    UNHAPPY = "unhappy", _("An unhappy customer")
    ASKED = "asked", _("Asked for by a colleague")
    MISSED = "missed", _("A missed call")


class AttemptOutcome(models.TextChoices):
    """How an attempt ended; the keys are those of the rules."""

    REACHED = "reached", _("Reached")
    VOICEMAIL = "voicemail", _("Left a message")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    REFUSED = "refused", _("Does not want a call")


class CallBack(models.Model):
    """One call that is owed. A case has at most one that is open, and so has a number.

    Somebody who rang and whom we do not know has no case yet: then only the unit says who rings back.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, null=True, related_name="call_backs")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    number = models.CharField(max_length=80)
    tail = models.CharField(max_length=9, blank=True, db_default="", help_text="what tells numbers apart")
    call_id = models.BigIntegerField(null=True, unique=True, help_text="the missed call that asked for it")
    best_time = models.CharField(max_length=200, blank=True, db_default="", help_text="in the customer's own words")
    why = models.CharField(max_length=10, choices=CallBackWhy.choices)
    timezone = models.CharField(max_length=64, help_text="the customer's own")
    earliest = models.TimeField(null=True, help_text="on the customer's clock")
    latest = models.TimeField(null=True)
    state = models.CharField(max_length=10, choices=CallBackState.choices, default=CallBackState.OPEN)
    due_at = models.DateTimeField(help_text="when the next attempt is due")
    alarmed_at = models.DateTimeField(null=True, help_text="when the alarm for this due time was raised")
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "routing"
        constraints = [
            models.UniqueConstraint("complaint", condition=Q(state="open"), name="call_back_one_open"),
            models.UniqueConstraint("tail", condition=Q(state="open") & ~Q(tail=""), name="call_back_one_open_number"),
            models.CheckConstraint(
                condition=Q(complaint__isnull=False) | Q(unit__isnull=False), name="call_back_belongs_somewhere"
            ),
            models.CheckConstraint(condition=Q(state__in=CallBackState.values), name="call_back_state_known"),
            models.CheckConstraint(condition=Q(why__in=CallBackWhy.values), name="call_back_why_known"),
            models.CheckConstraint(
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
                name="call_back_ended_has_time",
            ),
            models.CheckConstraint(condition=~Q(number=""), name="call_back_has_number"),
            models.CheckConstraint(
                condition=Q(earliest=None, latest=None) | Q(earliest__lt=F("latest")), name="call_back_hours_in_order"
            ),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="call_back_due", condition=Q(state="open"))]


class CallAttempt(models.Model):
    """One try to reach somebody."""

    call_back = models.ForeignKey(CallBack, models.CASCADE, related_name="attempts")
    outcome = models.CharField(max_length=12, choices=AttemptOutcome.choices)
    note = models.TextField(blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "routing"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=AttemptOutcome.values), name="call_attempt_outcome_known")
        ]
