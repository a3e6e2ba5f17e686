"""How often somebody used the form in the last hour; nothing of it can be turned back into an address."""

from __future__ import annotations

from django.db import models

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
