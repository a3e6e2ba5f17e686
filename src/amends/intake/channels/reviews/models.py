"""Sources of reviews, the reviews themselves with their earlier versions, and our public replies."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.intake.channels.reviews.rules import ANSWER_WITHIN


class SourceState(models.TextChoices):
    """Whether a source is asked."""

    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")


class ReviewSource(models.Model):
    """One place where people write about us, and how far it has been read."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=30, help_text="key of the connector")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", help_text="whose complaints these are")
    settings = models.JSONField(default=dict)
    secrets = models.JSONField(default=dict, help_text="references (env:NAME, file:NAME), never the secrets themselves")
    threshold = models.PositiveSmallIntegerField(default=3, help_text="this rating or a lower one is unhappy")
    contact = models.CharField(max_length=300, blank=True, help_text="the way offered in public replies")
    complaints_since = models.DateTimeField(help_text="what was published before is kept, but starts no complaint")
    every_minutes = models.PositiveSmallIntegerField(default=15)

    state = models.CharField(max_length=10, choices=SourceState.choices, default=SourceState.ACTIVE)
    cursor = models.JSONField(default=dict)
    next_fetch_at = models.DateTimeField(default=clock.now)
    last_fetch_at = models.DateTimeField(null=True, help_text="the last page that came")
    full_since = models.DateTimeField(null=True, help_text="when the full sweep that is under way began")
    last_full_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    last_error_kind = models.CharField(max_length=20, blank=True)
    last_error_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SourceState.values), name="review_source_state_known"),
            models.CheckConstraint(condition=Q(threshold__lte=5), name="review_source_threshold_to_5"),
            models.CheckConstraint(condition=Q(every_minutes__gte=1), name="review_source_every_minute_at_most"),
        ]
        indexes = [models.Index(fields=["next_fetch_at"], name="review_source_due", condition=Q(state="active"))]


class Mention(models.Model):
    """One review or mention as it stands there now, and what it became here."""

    source = models.ForeignKey(ReviewSource, models.PROTECT, related_name="mentions")
    external_id = models.CharField(max_length=400)
    author = models.CharField(max_length=300, blank=True)
    handle = models.CharField(max_length=300, blank=True)
    rating = models.PositiveSmallIntegerField(null=True)
    title = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    language = models.CharField(max_length=10, blank=True)
    url = models.CharField(max_length=1000, blank=True)
    published_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    first_seen_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True, help_text="since when it is not there any more")
    raw = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, help_text="SHA-256 of rating, title and text")

    understood_digest = models.CharField(max_length=64, blank=True, help_text="the digest of what was last looked into")
    attempts = models.PositiveSmallIntegerField(default=0)
    unhappy = models.BooleanField(null=True, help_text="null: not looked into yet")
    why = models.CharField(max_length=10, blank=True, help_text="rating or words")
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, help_text="when a reply of ours stood there")
    reply_there = models.TextField(blank=True, help_text="our reply as it stands there")

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("source", "external_id", name="mention_once"),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5), name="mention_rating_1_to_5"
            ),
            models.CheckConstraint(condition=Q(why__in=["", "rating", "words"]), name="mention_why_known"),
        ]
        indexes = [
            models.Index(Coalesce("published_at", "first_seen_at").desc(), F("id").desc(), name="mention_newest"),
            models.Index(
                Coalesce("published_at", "first_seen_at").desc(),
                F("id").desc(),
                name="mention_to_answer",
                condition=Q(unhappy=True, answered_at=None, gone_at=None),
            ),
            models.Index(fields=["id"], name="mention_to_look_into", condition=~Q(understood_digest=F("digest"))),
            models.Index(fields=["complaint"], name="mention_complaint", condition=Q(complaint__isnull=False)),
        ]

    @property
    def answer_due_at(self) -> datetime | None:
        """By when it should be answered in public; None when there is nothing to answer (any more)."""
        waits = self.unhappy and self.answered_at is None and self.gone_at is None
        return self.first_seen_at + ANSWER_WITHIN if waits else None

    @property
    def answer_is_late(self) -> bool:
        """Whether that moment has passed."""
        due = self.answer_due_at
        return due is not None and due < clock.now()


class MentionVersion(models.Model):
    """What a review said before it was changed."""

    mention = models.ForeignKey(Mention, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    rating = models.PositiveSmallIntegerField(null=True)
    title = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    digest = models.CharField(max_length=64)
    until = models.DateTimeField(help_text="when we saw that it had changed")

    class Meta:
        app_label = "intake"
        ordering = ["number"]
        constraints = [models.UniqueConstraint("mention", "number", name="mention_version_once")]


class PublicReply(models.Model):
    """Which review a queued message answers in public. Its words, state and reason stand in the message."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="+")
    mention = models.ForeignKey(Mention, models.PROTECT, related_name="replies")
    number = models.PositiveSmallIntegerField()
    tried = models.BooleanField(default=False, help_text="an attempt was begun: look before posting again")
    remote_id = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "intake"
        ordering = ["number"]
        constraints = [models.UniqueConstraint("mention", "number", name="public_reply_once")]
