"""Attempts to sign in, so that guessing is slow on every web process together."""

from __future__ import annotations

from django.db import models

from amends.core import clock


class SignInAttempt(models.Model):
    """One failed attempt. `source` is a digest of the address typed or of the machine, never the thing itself."""

    source = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["source", "-at"], name="sign_in_attempt_source")]
