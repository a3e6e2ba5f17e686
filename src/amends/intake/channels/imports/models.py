"""How far an import came."""

from __future__ import annotations

from django.db import models
from django.db.models import F

from amends.accounts.public import Unit
from amends.core import clock


class ImportRun(models.Model):
    """One file's import. `rows` is committed with each batch: an import that was stopped goes on from there."""

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

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("sha256", "format", "mapping", "unit", name="import_of_a_file_once"),
            models.CheckConstraint(
                condition=models.Q(rows=F("created") + F("known") + F("refused")), name="import_counts_add_up"
            ),
        ]
