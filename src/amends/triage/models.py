"""What was thought about a complaint and why, and what people corrected in it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from amends.accounts.public import User
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.triage.lanes import LaneName

CORRECTABLE = ("language", "label", "category", "severity", "safety", "vulnerable", "legal_or_media")
"""The fields that a person may set right. Once corrected, a field is theirs and no rule touches it again."""


class StoredAssessment(models.Model):
    """The last assessment of a complaint by the rules, with reasons. The values in force are the complaint's own."""

    complaint = models.OneToOneField(Complaint, models.CASCADE, related_name="stored_assessment")
    rules_version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was assessed: the same again changes nothing")
    values = models.JSONField(help_text="what the rules said, {field: value}, before corrections")
    reasons = models.JSONField(help_text="[{field, value, because}]")
    assessed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rules_version__gte=1), name="assessment_has_a_rules_version"),
        ]


class Correction(models.Model):
    """One field that a person set right. It is kept for good: corrections are what the rules learn from."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="corrections")
    field = models.CharField(max_length=20)
    before = models.JSONField()
    after = models.JSONField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="corrections")
    by_name = models.CharField(max_length=300)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(field__in=CORRECTABLE), name="correction_field_known"),
            models.CheckConstraint(condition=~Q(before=F("after")), name="correction_changes_something"),
        ]
        indexes = [models.Index(fields=["complaint", "field", "-at"], name="correction_latest")]


class Lane(models.Model):
    """Whether a message is a complaint, a concern put right at once, something else, or waits for a person to say so."""

    complaint = models.OneToOneField(Complaint, models.CASCADE, related_name="lane")
    lane = models.CharField(max_length=10, choices=[(one.value, one.value) for one in LaneName])
    by_person = models.BooleanField(default=False)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="lanes")
    by_name = models.CharField(max_length=300, blank=True)
    probability = models.FloatField(null=True, help_text="of dissatisfaction, as the rules and the model saw it")
    thresholds = models.CharField(max_length=40, help_text="the version of the model and its two thresholds")
    done = models.TextField(blank=True, help_text="what put a concern right")
    received_at = models.DateTimeField(help_text="the complaint's, for the order of the lists")
    decided_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(lane__in=[one.value for one in LaneName]), name="lane_known"),
            models.CheckConstraint(
                condition=~Q(lane="concern") | (Q(by_person=True) & ~Q(done="")), name="lane_concern_says_what_was_done"
            ),
            models.CheckConstraint(condition=~Q(lane="to_decide", by_person=True), name="lane_person_decides"),
        ]
        indexes = [
            models.Index(fields=["received_at", "id"], name="lane_to_decide", condition=Q(lane="to_decide")),
            models.Index(fields=["-received_at", "-id"], name="lane_other", condition=Q(lane="other")),
            models.Index(fields=["-received_at", "-id"], name="lane_concern", condition=Q(lane="concern")),
        ]


class LaneDecision(models.Model):
    """One decision of a person about a lane. It is kept for good: the model learns from these."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="lane_decisions")
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    taken_back = models.BooleanField(default=False, help_text="this row takes the decision before it back")
    probability = models.FloatField(null=True)
    thresholds = models.CharField(max_length=40)
    done = models.TextField(blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="lane_decisions")
    by_name = models.CharField(max_length=300)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(before__in=[one.value for one in LaneName], after__in=[one.value for one in LaneName]),
                name="lane_decision_known",
            ),
        ]
        indexes = [models.Index(fields=["complaint", "-id"], name="lane_decision_latest")]


class JudgedMessage(models.Model):
    """How likely a later message of a case, or a line of a chat, expresses dissatisfaction with us."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="judged")
    probability = models.FloatField()
    thresholds = models.CharField(max_length=40)
    judged_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(probability__gte=0, probability__lte=1), name="judged_probability_range"
            ),
        ]
