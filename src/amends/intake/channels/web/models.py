"""The tables of the web form: who used it how often, how it looks for each brand, and files that wait for the virus scanner."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit
from amends.cases.public import Message
from amends.core import clock


class FormUse(models.Model):
    """One accepted submission of the web form. Rows are removed after a day."""

    visitor = models.CharField(max_length=64, help_text="a keyed digest that changes daily")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["visitor", "at"], name="form_use_visitor"),
            models.Index(fields=["at"], name="form_use_age"),
        ]


class Brand(models.Model):
    """How the pages and the widget of a unit look and speak; a unit without one has that of the unit above it."""

    unit = models.OneToOneField(Unit, models.CASCADE, related_name="+")
    accent = models.CharField(max_length=7, blank=True, help_text="#rrggbb on light ground; checked for contrast")
    accent_dark = models.CharField(max_length=7, blank=True, help_text="#rrggbb on dark ground; checked for contrast")
    texts = models.JSONField(default=dict, help_text="{language: {title, intro}}")
    origins = ArrayField(models.CharField(max_length=260), default=list, help_text="web sites that may embed it")
    chat = models.BooleanField(default=True, help_text="the widget offers the chat")
    logo = models.BinaryField(null=True)
    logo_type = models.CharField(max_length=20, blank=True)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(logo__isnull=True, logo_type="") | (Q(logo__isnull=False) & ~Q(logo_type="")),
                name="brand_logo_has_a_type",
            ),
        ]


class HeldState(models.TextChoices):
    """What became of a file that could not be checked when it came."""

    HELD = "held", _("Waits for the virus scanner")
    RELEASED = "released", _("Checked and in the case")
    REFUSED = "refused", _("Refused by the virus scanner")


class HeldFile(models.Model):
    """A file that waits for the virus scanner. Nobody can open it; its bytes go when it is decided."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="+", help_text="the words it came with")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=150)
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=HeldState.choices, default=HeldState.HELD)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="held", data__isnull=False) | Q(state__in=["released", "refused"], data__isnull=True),
                name="held_file_has_bytes_while_held",
            ),
            models.UniqueConstraint("message", "sha256", "name", name="held_file_once"),
        ]
        indexes = [models.Index(fields=["id"], name="held_file_waiting", condition=Q(state="held"))]
