"""Hand-offs: a case changes its owner together with all that is known."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Team, Unit, User
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
    climbs_at = models.DateTimeField(null=True, help_text="when the next team is asked unless somebody accepts")
    climbs = models.PositiveSmallIntegerField(default=0, db_default=0)
    asked = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()), help_text="teams asked before"
    )

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
        indexes = [
            models.Index(fields=["to_team", "created_at"], name="handoff_waiting", condition=Q(state="offered")),
            models.Index(fields=["climbs_at", "id"], name="handoff_climbs", condition=Q(state="offered")),
        ]


class PathStep(models.Model):
    """The team of a tier for a unit and everything below it that names no other."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="escalation_path")
    tier = models.PositiveSmallIntegerField()
    team = models.ForeignKey(Team, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("unit", "tier", name="path_step_once"),
            models.CheckConstraint(condition=Q(tier__gte=2, tier__lte=5), name="path_step_tier_range"),
        ]


class FiredCriterion(models.Model):
    """A criterion that held of a case, once, with the version of the rules that said so."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="criteria")
    key = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    action = models.CharField(max_length=10)
    did = models.CharField(max_length=20, help_text="alerted, escalated, proposed, or why it could not be")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("complaint", "key", name="criterion_fired_once")]


class CaseAboutStaff(models.Model):
    """Somebody of ours whom a complaint is about. They neither get the case nor, by the access rules, see it."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="about_staff")
    user = models.ForeignKey(User, models.PROTECT, related_name="complained_about_in")
    noted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("complaint", "user", name="case_about_staff_once")]


class RuleSetState(models.TextChoices):
    """Where a version of the rules stands."""

    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("In force")
    SUPERSEDED = "superseded", _("Replaced")


class RuleSetVersion(models.Model):
    """One version of the routing rules. What was once in force is never changed again."""

    number = models.PositiveIntegerField(null=True, help_text="given when it comes into force")
    state = models.CharField(max_length=10, choices=RuleSetState.choices, default=RuleSetState.DRAFT)
    rules = models.JSONField(help_text="the document that ruleset.py describes")
    based_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    activated_at = models.DateTimeField(null=True)
    activated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    activated_by_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("state", condition=~Q(state="superseded"), name="rule_set_one_draft_one_active"),
            models.UniqueConstraint("number", name="rule_set_number_once"),
            models.CheckConstraint(condition=Q(state__in=RuleSetState.values), name="rule_set_state_known"),
            models.CheckConstraint(
                condition=Q(state="draft", number=None, activated_at=None)
                | (~Q(state="draft") & Q(number__isnull=False, activated_at__isnull=False) & ~Q(reason="")),
                name="rule_set_in_force_says_who_when_why",
            ),
        ]


class RoutedCase(models.Model):
    """Which rule of which version sent a case to which team, and the skill it asks for."""

    complaint = models.OneToOneField(Complaint, models.CASCADE, related_name="routed_by")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    version = models.ForeignKey(RuleSetVersion, models.PROTECT, null=True, related_name="+")
    rule = models.PositiveSmallIntegerField(help_text="its number in the version; 0 is the last, for everything else")
    skill = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["-at", "-id"], name="routed_newest")]


class Assigns(models.TextChoices):
    """How a team's cases find their owner."""

    BY_HAND = "by_hand", _("by hand")
    FREE = "free", _("to whoever is free")


class TeamDesk(models.Model):
    """How one team works: who gives out the cases, and its hours for people who have none of their own."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="desk")
    assigns = models.CharField(max_length=10, choices=Assigns.choices, default=Assigns.BY_HAND)
    hours = models.JSONField(default=dict, help_text='{"mon": [["09:00", "17:00"]], …}; empty is always')
    timezone = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(assigns__in=Assigns.values), name="desk_assigns_known")]


class DeskChange(models.Model):
    """Who changed, when and why, what a person can take on, how a team works, or a unit's way up or hours. Never changed again.

    `changes` is a list of `{"field", "before", "after"}`.
    """

    user = models.ForeignKey(User, models.PROTECT, null=True, related_name="desk_changes")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="desk_changes")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="desk_changes")
    changes = models.JSONField()
    reason = models.TextField(blank=True, help_text="a program may leave it out")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, team=None, unit=None)
                | Q(user=None, team__isnull=False, unit=None)
                | Q(user=None, team=None, unit__isnull=False),
                name="desk_change_of_one",
            ),
            models.CheckConstraint(condition=Q(by=None) | ~Q(reason=""), name="desk_change_by_person_says_why"),
        ]


class PresenceWord(models.TextChoices):
    """What somebody says of themselves."""

    HERE = "here", _("Here")
    AWAY = "away", _("Away for a moment")
    OFF = "off", _("Off shift")


class Worker(models.Model):
    """What one person can take on. An empty list asks nothing: every product line, every regime."""

    user = models.OneToOneField(User, models.CASCADE, related_name="worker")
    product_lines = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    regimes = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    severity_up_to = models.PositiveSmallIntegerField(default=4)
    capacity = models.PositiveSmallIntegerField(default=24, help_text="the severities of the open cases added up")
    hours = models.JSONField(default=dict, help_text="as for a team; empty takes the team's")
    timezone = models.CharField(max_length=64, blank=True)
    says = models.CharField(max_length=4, choices=PresenceWord.choices, blank=True)
    says_until = models.DateTimeField(null=True)
    last_seen = models.DateTimeField(null=True)
    last_given_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(severity_up_to__gte=1, severity_up_to__lte=4), name="worker_severity"),
            models.CheckConstraint(condition=Q(capacity=0) | Q(capacity__gte=4), name="worker_capacity_none_or_4"),
            models.CheckConstraint(condition=Q(says__in=["", *PresenceWord.values]), name="worker_says_known"),
            models.CheckConstraint(condition=Q(says="") | Q(says_until__isnull=False), name="worker_says_for_a_time"),
        ]
