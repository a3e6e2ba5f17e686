"""The clocks that run for complaints."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from amends.accounts.public import Unit, User
from amends.cases.public import Complaint, Point
from amends.clocks.rulewords import Certainty, End, Missed
from amends.clocks.states import State, state_of


class Clock(models.Model):
    """One deadline of one complaint, with everything needed to explain it later, whatever becomes of its rule pack.

    `alarm_at` is when the sweep must look again (next warning, then the due time) and empty when there is nothing
    more to notice. `cycle` counts how often the clock was started for the complaint: again after reopening.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="clocks")
    pack = models.CharField(max_length=40)
    pack_version = models.DateField()
    kind = models.CharField(max_length=40)
    part = models.CharField(max_length=40, blank=True)
    cycle = models.PositiveSmallIntegerField(default=1)
    event = models.CharField(max_length=40, help_text="what started it")
    zone = models.CharField(max_length=64, help_text="the time zone in which it was counted")
    titles = models.JSONField(help_text="what its rule calls it, in each language")
    whys = models.JSONField(help_text="the reason in each language")
    source = models.TextField()
    certainty = models.CharField(max_length=12)
    missed = models.CharField(max_length=6, help_text="breach: we broke it; lapse: a possibility is over")
    ends = models.CharField(max_length=20, help_text="instant, end_of_day or close_of_business")
    stops = ArrayField(models.CharField(max_length=40), default=list)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    warnings = ArrayField(models.DateTimeField(), default=list)
    alarm_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True, help_text="when the last warning was given")
    breached_at = models.DateTimeField(null=True, help_text="when it was noticed that the time was over")
    to_announce = models.BooleanField(
        default=False, db_default=False, help_text="it ran out, and that still has to be told"
    )
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=40, blank=True, help_text="the event that stopped it")
    told_due_at = models.DateTimeField(null=True, help_text="the date the customer knows, once they were told one")

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", "pack", "kind", "part", "cycle", name="clock_once"),
            models.CheckConstraint(condition=Q(due_at__gt=F("started_at")), name="clock_due_after_start"),
            models.CheckConstraint(
                condition=Q(certainty__in=[one.value for one in Certainty]), name="clock_certainty_known"
            ),
            models.CheckConstraint(condition=Q(ends__in=[one.value for one in End]), name="clock_end_known"),
            models.CheckConstraint(condition=Q(missed__in=[one.value for one in Missed]), name="clock_missed_known"),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_by="")
                | (Q(stopped_at__isnull=False, alarm_at__isnull=True) & ~Q(stopped_by="")),
                name="clock_stopped_by_something_and_silent",
            ),
            models.CheckConstraint(
                condition=Q(breached_at__isnull=True) | Q(breached_at__gt=F("due_at"), missed=Missed.BREACH.value),
                name="clock_breached_after_due",
            ),
            models.CheckConstraint(
                condition=~Q(stopped_at__gt=F("due_at"), missed=Missed.BREACH.value) | Q(breached_at__isnull=False),
                name="clock_stopped_late_is_breached",
            ),
        ]
        indexes = [
            models.Index(fields=["alarm_at", "id"], name="clock_alarm", condition=Q(alarm_at__isnull=False)),
            models.Index(fields=["due_at", "id"], name="clock_to_announce", condition=Q(to_announce=True)),
        ]

    def state(self, now: datetime) -> State:
        """How the clock stands at `now`."""
        return state_of(
            due_at=self.due_at,
            warnings=self.warnings,
            missed=self.missed,
            stopped_at=self.stopped_at,
            stopped_by=self.stopped_by,
            now=now,
        )


class Fact(models.Model):
    """Something a person stated about a complaint, on which clocks depend: that an extension was taken, hardship…"""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="clock_facts")
    name = models.CharField(max_length=40)
    value = models.JSONField(help_text="true, a word of the rule pack, or a date as text")
    reason = models.TextField(blank=True)
    stated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("complaint", "name", name="clock_fact_once")]


class PointPart(models.Model):
    """Which part of a mixed complaint a point belongs to."""

    point = models.OneToOneField(Point, models.CASCADE, related_name="clock_part")
    part = models.CharField(max_length=40)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(part=""), name="clock_point_part_named")]


class Closure(models.Model):
    """Days on which a unit and everything below it does not work. They count for the organisation's own promises only: no
    regulator's calendar knows them."""

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="closures")
    first = models.DateField()
    last = models.DateField()
    name = models.CharField(max_length=200)

    class Meta:
        ordering = ["first", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="clock_closure_ends_after_start"),
            models.CheckConstraint(condition=Q(last__lte=F("first") + 366), name="clock_closure_not_endless"),
            models.CheckConstraint(condition=~Q(name=""), name="clock_closure_named"),
        ]
        indexes = [models.Index(fields=["unit", "last"], name="clock_closure_unit")]
