"""What was thought about a complaint and why, and what people corrected in it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.core import clock

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
