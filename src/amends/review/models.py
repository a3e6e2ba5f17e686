"""Root causes and corrective actions."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.core import clock


class Responsibility(models.TextChoices):
    """Where the responsibility lies, found neutrally."""

    COMPANY = "company", _("The company")
    CUSTOMER = "customer", _("The customer")
    THIRD_PARTY = "third_party", _("A third party")
    NOBODY = "nobody", _("Nobody")


class RootCause(models.Model):
    """What really went wrong in one complaint, or why no cause was found. A later finding replaces it and both stay."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="root_causes")
    cause = models.CharField(max_length=40, blank=True, help_text="key in the tree of causes; empty: none was found")
    symptom = models.TextField(blank=True, help_text="what the customer noticed")
    whys = ArrayField(
        models.CharField(max_length=500), default=list, size=5, help_text="each answers why the one before happened"
    )
    responsibility = models.CharField(max_length=12, choices=Responsibility.choices, blank=True)
    no_cause_reason = models.TextField(blank=True)
    found_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    found_by_name = models.CharField(max_length=200)
    found_at = models.DateTimeField(default=clock.now)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", condition=Q(replaced_at=None), name="one_current_root_cause"),
            models.CheckConstraint(
                condition=(~Q(cause="") & Q(no_cause_reason="") & ~Q(symptom="") & ~Q(responsibility=""))
                | (Q(cause="") & ~Q(no_cause_reason="")),
                name="root_cause_or_reason",
            ),
            models.CheckConstraint(
                condition=Q(responsibility="") | Q(responsibility__in=Responsibility.values),
                name="root_cause_responsibility_known",
            ),
        ]
        indexes = [
            models.Index(fields=["cause", "-found_at"], name="root_cause_by_cause", condition=Q(replaced_at=None))
        ]


class CorrectiveAction(models.Model):
    """A change that keeps a cause from doing harm again: who, until when, and whether it worked."""

    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, blank=True, related_name="corrective_actions")
    root_cause = models.ForeignKey(RootCause, models.PROTECT, null=True, blank=True, related_name="corrective_actions")
    cause = models.CharField(max_length=40, blank=True)
    what = models.TextField()
    owner = models.ForeignKey(User, models.PROTECT, related_name="corrective_actions")
    opened_by_name = models.CharField(max_length=200)
    opened_at = models.DateTimeField(default=clock.now)
    due_on = models.DateField()
    reminded_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by_name = models.CharField(max_length=200, blank=True)
    effect = models.TextField(blank=True, help_text="what was seen to change")
    effect_check_on = models.DateField(null=True)
    effect_checked_at = models.DateTimeField(null=True)
    worked = models.BooleanField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(what=""), name="action_says_what"),
            models.CheckConstraint(
                condition=Q(effect_checked_at__isnull=True, worked__isnull=True)
                | (Q(effect_checked_at__isnull=False, worked__isnull=False, done_at__isnull=False) & ~Q(effect="")),
                name="action_effect_checked_whole",
            ),
            models.CheckConstraint(
                condition=Q(effect_checked_at__isnull=True) | Q(effect_checked_at__gte=F("done_at")),
                name="action_effect_after_done",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on", "id"], name="action_open", condition=Q(done_at=None)),
            models.Index(
                fields=["effect_check_on", "id"],
                name="action_effect_due",
                condition=Q(effect_checked_at=None, done_at__isnull=False),
            ),
        ]
