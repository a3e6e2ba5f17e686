"""Surveys that belong to no case, whom they are sent to, and what was answered."""

from __future__ import annotations

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit, User
from amends.cases.public import Complaint
from amends.core import clock
from amends.intake.webhooks.models import Webhook


class SurveyKind(models.TextChoices):
    """What is asked."""

    NPS = "nps", _("Recommendation, 0 to 10 (NPS)")
    SATISFACTION = "satisfaction", _("Satisfaction, 1 to 5")
    EFFORT = "effort", _("Effort, 1 to 7")


class Survey(models.Model):
    """One question that a unit asks its customers, for some time."""

    key = models.UUIDField(unique=True, default=uuid4, editable=False)
    name = models.CharField(max_length=200)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=SurveyKind.choices)
    question = models.CharField(max_length=300, blank=True, help_text="own words; empty: the usual question")
    product = models.CharField(max_length=300, blank=True)
    unhappy_bound = models.PositiveSmallIntegerField(null=True, help_text="instead of the number in kinds.toml")
    origins = ArrayField(models.CharField(max_length=255), default=list, help_text="sites that may show it in a frame")
    webhook = models.OneToOneField(Webhook, models.PROTECT, null=True, related_name="survey")
    closed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("unit", "name", name="intake_survey_name_once"),
            models.CheckConstraint(condition=Q(kind__in=SurveyKind.values), name="intake_survey_kind_known"),
        ]


class RecipientState(models.TextChoices):
    """Where an invitation is."""

    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    INTERRUPTED = "interrupted", _("Interrupted, may have arrived")
    CANCELLED = "cancelled", _("Not sent")


class SurveyRecipient(models.Model):
    """Somebody who is asked by mail. The row is the outbox too: one invitation for each, with a Message-ID of its own."""

    key = models.UUIDField(unique=True, default=uuid4, editable=False)
    survey = models.ForeignKey(Survey, models.CASCADE, related_name="recipients")
    email = models.CharField(max_length=320, help_text="normalised: trimmed, lower case")
    name = models.CharField(max_length=300, blank=True)
    language = models.CharField(max_length=10, blank=True)
    phone = models.CharField(max_length=80, blank=True)
    attributes = models.JSONField(default=dict, help_text="order, product and the like, kept with the answer")
    state = models.CharField(max_length=12, choices=RecipientState.choices, default=RecipientState.QUEUED)
    state_reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True, help_text="asked not to be asked again")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("survey", "email", name="intake_survey_recipient_once"),
            models.CheckConstraint(condition=~Q(email=""), name="intake_survey_recipient_has_address"),
            models.CheckConstraint(condition=Q(state__in=RecipientState.values), name="intake_survey_mail_state_known"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="intake_survey_mail_sent_has_time"
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before", "id"], name="intake_survey_outbox", condition=Q(state__in=["queued", "sending"])
            ),
            models.Index(fields=["email"], name="intake_survey_by_address"),
        ]


class AnswerSource(models.TextChoices):
    """How an answer came."""

    LINK = "link", _("Link")
    MAIL = "mail", _("Mail")
    QR = "qr", _("QR code")
    EMBEDDED = "embedded", _("On a website")
    WEBHOOK = "webhook", _("Another tool")


class AnswerState(models.TextChoices):
    """What is to be done about an answer."""

    COUNTED = "counted", _("Counted")
    WAITING = "waiting", _("Waits for the story")
    COMPLAINT = "complaint", _("Complaint")


class SurveyAnswer(models.Model):
    """One answer, kept from the first click on. An unhappy one waits ten minutes for its story and is then a complaint."""

    key = models.UUIDField(unique=True, default=uuid4, editable=False)
    survey = models.ForeignKey(Survey, models.CASCADE, related_name="answers")
    recipient = models.OneToOneField(SurveyRecipient, models.PROTECT, null=True, related_name="answer")
    source = models.CharField(max_length=10, choices=AnswerSource.choices)
    once = models.CharField(max_length=200, help_text="the form's stamp, the recipient, or the other tool's id")
    visitor = models.CharField(max_length=64, blank=True, help_text="a keyed digest that changes daily")
    score = models.PositiveSmallIntegerField()
    words = models.TextField(blank=True)
    name = models.CharField(max_length=300, blank=True)
    email = models.CharField(max_length=320, blank=True)
    phone = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=10, blank=True)
    attributes = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=AnswerState.choices)
    first_at = models.DateTimeField(help_text="the first click")
    told_at = models.DateTimeField(null=True, help_text="when the words came")
    due_at = models.DateTimeField(null=True, help_text="when an unhappy answer becomes a complaint with what there is")
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, related_name="+")

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("survey", "once", name="intake_survey_answer_once"),
            models.CheckConstraint(condition=Q(source__in=AnswerSource.values), name="intake_survey_source_known"),
            models.CheckConstraint(
                condition=Q(state="counted", complaint__isnull=True)
                | Q(state="waiting", complaint__isnull=True, due_at__isnull=False)
                | Q(state="complaint", complaint__isnull=False),
                name="intake_survey_answer_state_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="intake_survey_waiting", condition=Q(state="waiting")),
            models.Index(fields=["survey", "-first_at", "-id"], name="intake_survey_newest"),
            models.Index(fields=["visitor", "first_at"], name="intake_survey_visitor", condition=~Q(visitor="")),
        ]
