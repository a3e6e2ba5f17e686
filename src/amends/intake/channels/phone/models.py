"""Calls as the telephone system told of them, what was noted in them, and the numbers callers are known by."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit, User
from amends.cases.public import Complaint, Customer, Message
from amends.core import clock
from amends.intake.webhooks.models import Webhook


class Direction(models.TextChoices):
    """Who rang."""

    IN = "in", _("Incoming")
    OUT = "out", _("Outgoing")


class State(models.TextChoices):
    """Where a call is; the same keys as in `states.CallState`."""

    RINGING = "ringing", _("Ringing")
    ANSWERED = "answered", _("In conversation")
    ENDED = "ended", _("Ended")
    MISSED = "missed", _("Missed")


class PhoneCall(models.Model):
    """One call. Its state is always that of its times, so events may come late, early or twice."""

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="+")
    call_key = models.CharField(max_length=200, help_text="the telephone system's id of the call")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    direction = models.CharField(max_length=3, choices=Direction.choices, default=Direction.IN)
    state = models.CharField(max_length=10, choices=State.choices)
    number = models.CharField(max_length=40, blank=True, help_text="normalised; empty when withheld")
    tail = models.CharField(max_length=9, blank=True)
    our_number = models.CharField(max_length=40, blank=True)
    extension = models.CharField(max_length=40, blank=True)
    agent = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    ringing_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    recording_url = models.URLField(max_length=1000, blank=True)
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, related_name="+")
    called_back_at = models.DateTimeField(null=True)
    called_back_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    first_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("webhook", "call_key", name="intake_call_once"),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="intake_call_direction_known"),
            models.CheckConstraint(
                condition=Q(state="ringing", answered_at__isnull=True, ended_at__isnull=True)
                | Q(state="answered", answered_at__isnull=False, ended_at__isnull=True)
                | Q(state="ended", ended_at__isnull=False)
                | Q(state="missed", answered_at__isnull=True, ended_at__isnull=False, direction="in"),
                name="intake_call_state_of_its_times",
            ),
            models.CheckConstraint(
                condition=Q(recording_url="") | Q(recording_url__startswith="https://"),
                name="intake_call_recording_https",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "-first_at", "-id"], name="intake_call_newest"),
            models.Index(fields=["tail", "-first_at"], name="intake_call_by_number", condition=~Q(tail="")),
            models.Index(
                fields=["unit", "first_at"], name="intake_call_back", condition=Q(state="missed", called_back_at=None)
            ),
            models.Index(
                fields=["unit", "first_at"], name="intake_call_live", condition=Q(state__in=["ringing", "answered"])
            ),
        ]


class CallNote(models.Model):
    """What somebody noted of a call: one for each form that was sent, so that a second try is the same note."""

    once = models.CharField(max_length=64, unique=True, help_text="the form's own key")
    call = models.ForeignKey(PhoneCall, models.PROTECT, null=True, related_name="notes")
    author = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="+")
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, related_name="+", help_text="what the customer said"
    )
    summary = models.ForeignKey(Message, models.PROTECT, null=True, related_name="+", help_text="what we wrote to them")
    points = models.JSONField(default=list)
    confirmed = models.BooleanField(default=False, help_text="the points were read back and confirmed")
    wish = models.TextField(blank=True)
    call_back = models.CharField(max_length=200, blank=True, help_text="the best time, in the caller's words")
    steps = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        app_label = "intake"
        indexes = [models.Index(fields=["complaint", "at"], name="intake_call_note_of_case")]


class CallerNumber(models.Model):
    """A number somebody is known by, found by its last nine digits; kept beside the customers as cases are registered."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    tail = models.CharField(max_length=9)

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("customer", "tail", name="intake_caller_number_once"),
            models.CheckConstraint(condition=~Q(tail=""), name="intake_caller_number_there"),
        ]
        indexes = [models.Index(fields=["tail"], name="intake_caller_by_number")]
