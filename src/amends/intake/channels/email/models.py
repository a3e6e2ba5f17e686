"""Every mail as it came: kept whole before anything is understood, so that no mistake of ours loses one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.cases.public import Complaint, Message
from amends.core import clock


class MailState(models.TextChoices):
    """Where a mail stands: every received one ends as stored or quarantined."""

    RECEIVED = "received", _("Received")
    STORED = "stored", _("Stored")
    QUARANTINED = "quarantined", _("In quarantine")


class MailOutcome(models.TextChoices):
    """What a stored mail became."""

    COMPLAINT = "complaint", _("New complaint")
    REPLY = "reply", _("Reply in a case")
    BOUNCE = "bounce", _("Not delivered")
    DELIVERY_NOTICE = "delivery_notice", _("Delivery notice")
    AUTO_REPLY = "auto_reply", _("Automatic reply")
    DUPLICATE = "duplicate", _("Came twice")
    DISCARDED = "discarded", _("Discarded by a person")


class RawMail(models.Model):
    """One mail, byte for byte, with its envelope and what became of it."""

    source = models.CharField(max_length=40, help_text="how it came: smtp")
    received_at = models.DateTimeField(default=clock.now)
    envelope_from = models.CharField(max_length=320, blank=True)
    envelope_to = models.JSONField(default=list)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()

    state = models.CharField(max_length=12, choices=MailState.choices, default=MailState.RECEIVED)
    outcome = models.CharField(max_length=20, choices=MailOutcome.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="why it is in quarantine")
    attempts = models.PositiveSmallIntegerField(default=0)
    handled_at = models.DateTimeField(null=True)
    sender = models.CharField(max_length=320, blank=True, help_text="normalised")
    subject = models.CharField(max_length=500, blank=True)
    message_id = models.CharField(max_length=500, blank=True, help_text="without angle brackets")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="the same for every copy of one mail")
    strayed = models.BooleanField(default=False, help_text="answers a case, but not from its customer's address")
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, blank=True, related_name="+")
    case_message = models.ForeignKey(Message, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        app_label = "intake"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="raw_mail_state_known"),
            models.CheckConstraint(condition=Q(outcome__in=["", *MailOutcome.values]), name="raw_mail_outcome_known"),
            models.CheckConstraint(
                condition=(Q(state="stored") & ~Q(outcome="")) | (~Q(state="stored") & Q(outcome="")),
                name="raw_mail_outcome_when_stored",
            ),
            models.CheckConstraint(
                condition=~Q(state="quarantined") | ~Q(reason=""), name="raw_mail_quarantine_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="raw_mail_waiting", condition=Q(state="received")),
            models.Index(fields=["-received_at", "-id"], name="raw_mail_quarantine", condition=Q(state="quarantined")),
            models.Index(fields=["fingerprint"], name="raw_mail_fingerprint", condition=~Q(fingerprint="")),
            models.Index(fields=["sender", "-received_at"], name="raw_mail_strayed", condition=Q(strayed=True)),
            models.Index(fields=["complaint"], name="raw_mail_complaint", condition=Q(complaint__isnull=False)),
            models.Index(fields=["state", "outcome"], name="raw_mail_counters"),
        ]
