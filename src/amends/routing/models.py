"""Hand-offs: a case changes its owner together with all that is known."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Team, User
from amends.cases.public import Complaint
from amends.core import clock


class HandoffState(models.TextChoices):
    """Where a hand-off stands."""

    OFFERED = "offered", _("Waiting to be accepted")
    ACCEPTED = "accepted", _("Accepted")
    RETURNED = "returned", _("Returned")


class Handoff(models.Model):
    """One offer of a case to another team, with its packet; the receiver accepts or returns it."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="handoffs")
    from_team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="handoffs_given")
    to_team = models.ForeignKey(Team, models.PROTECT, related_name="handoffs_received")
    from_user = models.ForeignKey(User, models.PROTECT, null=True, related_name="handoffs_given")
    from_tier = models.PositiveSmallIntegerField()
    reason = models.TextField()
    packet = models.JSONField(help_text="what is known at this moment; the receiver needs to ask nobody")
    state = models.CharField(max_length=10, choices=HandoffState.choices, default=HandoffState.OFFERED)
    created_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="handoffs_decided")
    return_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", condition=Q(state="offered"), name="handoff_one_open"),
            models.CheckConstraint(condition=Q(state__in=HandoffState.values), name="handoff_state_known"),
            models.CheckConstraint(
                condition=Q(state="offered", decided_at__isnull=True)
                | Q(state__in=["accepted", "returned"], decided_at__isnull=False),
                name="handoff_decided_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(return_reason=""), name="handoff_returned_has_reason"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="handoff_has_reason"),
        ]
        indexes = [models.Index(fields=["to_team", "created_at"], name="handoff_waiting", condition=Q(state="offered"))]


class CaseAboutStaff(models.Model):
    """Somebody of ours whom a complaint is about. They neither get the case nor, by the access rules, see it."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="about_staff")
    user = models.ForeignKey(User, models.PROTECT, related_name="complained_about_in")
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("complaint", "user", name="case_about_staff_once")]
