"""Files to import, how far each import came, what was refused, and the mappings that were saved."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit, User
from amends.core import clock


class CheckState(models.TextChoices):
    """Where a dry run stands."""

    NONE = "none", _("Not tried yet")
    RUNNING = "running", _("Being tried")
    DONE = "done", _("Tried")
    FAILED = "failed", _("Not usable")


class RunState(models.TextChoices):
    """Where an import stands."""

    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    CANCELLED = "cancelled", _("Stopped for good")
    FAILED = "failed", _("Stopped by an error")
    FINISHED = "finished", _("Finished")


class ImportFile(models.Model):
    """A file somebody gave, with the mapping that was chosen for it and what the dry run said.

    Its bytes (`ImportPart`) are kept until its import is finished, cancelled, or the file was forgotten for a week.
    """

    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    kept = models.BooleanField(default=True, help_text="its bytes are still here")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="import_files")
    format = models.CharField(max_length=20)
    mapping = models.JSONField(null=True, help_text="None: JSON Lines in our own shape")
    given_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    given_at = models.DateTimeField(default=clock.now)
    check_state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.NONE)
    check_reason = models.CharField(max_length=500, blank=True)
    check_token = models.CharField(max_length=32, blank=True, help_text="which dry run; an older one stops")
    checked_rows = models.PositiveIntegerField(default=0)
    checked_good = models.PositiveIntegerField(default=0)
    checked_known = models.PositiveIntegerField(default=0)
    checked_refused = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "intake"
        constraints = [
            models.CheckConstraint(condition=Q(check_state__in=CheckState.values), name="import_file_check_known"),
            models.CheckConstraint(
                condition=Q(checked_rows=F("checked_good") + F("checked_known") + F("checked_refused")),
                name="import_file_checks_add_up",
            ),
        ]


class ImportPart(models.Model):
    """A part of a file's bytes; in the database, so that every worker on every machine has it."""

    file = models.ForeignKey(ImportFile, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        app_label = "intake"
        constraints = [models.UniqueConstraint("file", "number", name="import_part_once")]


class ImportRun(models.Model):
    """One file's import. `rows` is committed with each batch: an import that was stopped goes on from there.

    `mapping` is the mapping's name and a few characters of its content: with a better mapping the same file is a new run,
    in which the rows that are in already are known.
    """

    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=20)
    mapping = models.CharField(max_length=80)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="imports")
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    file = models.ForeignKey(
        ImportFile, models.SET_NULL, null=True, related_name="runs", help_text="None: it was read by the command line"
    )
    values = models.JSONField(null=True, help_text="the mapping as it was when the run began")
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.RUNNING, db_default="running")
    reason = models.CharField(max_length=500, blank=True, default="", db_default="")
    total = models.PositiveIntegerField(null=True, help_text="the rows of the file, when a dry run has counted them")
    started_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    resumed_at = models.DateTimeField(null=True, help_text="when this stretch began, for its speed")
    resumed_rows = models.PositiveIntegerField(default=0, db_default=0)
    moved_at = models.DateTimeField(null=True, help_text="the last batch")

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("sha256", "format", "mapping", "unit", name="import_of_a_file_once"),
            models.CheckConstraint(
                condition=Q(rows=F("created") + F("known") + F("refused")), name="import_counts_add_up"
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="import_state_known"),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(finished_at__isnull=False), name="import_finished_has_time"
            ),
        ]


class ImportProblem(models.Model):
    """A row that was refused, by an import or by a dry run. Kept for 90 days: it holds what the row said."""

    run = models.ForeignKey(ImportRun, models.CASCADE, null=True, related_name="problems")
    file = models.ForeignKey(ImportFile, models.CASCADE, null=True, related_name="problems")
    line = models.PositiveIntegerField()
    field = models.CharField(max_length=100, blank=True)
    reason = models.CharField(max_length=500)
    content = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        constraints = [
            models.CheckConstraint(
                condition=Q(run__isnull=True, file__isnull=False) | Q(run__isnull=False, file__isnull=True),
                name="import_problem_of_one",
            ),
        ]
        indexes = [models.Index(fields=["at"], name="import_problem_age")]


class SavedImportMapping(models.Model):
    """A mapping that somebody saved; saving it again under the same name makes the next version."""

    name = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    values = models.JSONField()
    saved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        constraints = [models.UniqueConstraint("name", "version", name="import_mapping_version_once")]
