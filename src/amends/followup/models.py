"""The two questions after a resolution: the survey a day later, and the personal check-in some days later."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.cases.public import Complaint, Message
from amends.core import clock


class AskState(models.TextChoices):
    """Where a question is."""

    PLANNED = "planned", _("Planned")
    SENT = "sent", _("Sent")
    BY_PHONE = "by_phone", _("To be asked by phone")
    ANSWERED = "answered", _("Answered")
    LAPSED = "lapsed", _("Not answered")
    CANCELLED = "cancelled", _("Not asked")


WAITING = (AskState.SENT, AskState.BY_PHONE)


class Question(models.Model):
    """What both questions share. One of each kind for every resolution of a complaint."""

    key = models.UUIDField(unique=True, default=uuid4, editable=False)
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="%(class)ss")
    resolved_at = models.DateTimeField(help_text="the resolution that is asked about")
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=AskState.choices, default=AskState.PLANNED)
    why_cancelled = models.CharField(max_length=40, blank=True)
    message = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    words = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        abstract = True


class SurveyInvitation(Question):
    """How satisfied are you, how much effort was it, how can we do better?"""

    score = models.PositiveSmallIntegerField(null=True, help_text="0 to 10")
    effort = models.PositiveSmallIntegerField(null=True, help_text="1 very easy to 5 very hard")

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", "resolved_at", name="survey_once_per_resolution"),
            models.CheckConstraint(condition=Q(state__in=AskState.values), name="survey_state_known"),
            models.CheckConstraint(condition=Q(score__isnull=True) | Q(score__lte=10), name="survey_score_0_to_10"),
            models.CheckConstraint(
                condition=Q(effort__isnull=True) | Q(effort__gte=1, effort__lte=5), name="survey_effort_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(state="answered", score__isnull=False, answered_at__isnull=False)
                | (~Q(state="answered") & Q(score__isnull=True, answered_at__isnull=True)),
                name="survey_answered_has_score",
            ),
            models.CheckConstraint(condition=~Q(state="sent") | Q(sent_at__isnull=False), name="survey_sent_has_time"),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="survey_planned", condition=Q(state="planned"))]


class CheckIn(Question):
    """Is it still solved? Written in the owner's name; they can add a line of their own, or phone instead."""

    personal = models.TextField(blank=True, help_text="the owner's own line in the letter")
    solved = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", "resolved_at", name="check_in_once_per_resolution"),
            models.CheckConstraint(condition=Q(state__in=AskState.values), name="check_in_state_known"),
            models.CheckConstraint(
                condition=Q(state="answered", solved__isnull=False, answered_at__isnull=False)
                | (~Q(state="answered") & Q(solved__isnull=True, answered_at__isnull=True)),
                name="check_in_answered_says_what",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="check_in_sent_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="check_in_planned", condition=Q(state="planned")),
            models.Index(
                fields=["sent_at", "id"], name="check_in_waiting", condition=Q(state__in=["sent", "by_phone"])
            ),
        ]
