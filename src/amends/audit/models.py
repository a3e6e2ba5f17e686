"""The append-only record."""

from __future__ import annotations

from django.db import models

from amends.core import clock


class Record(models.Model):
    """Something that happened, in the chain of its subject. Rows are never changed or removed: a trigger refuses it.

    `chain` is the subject: `complaint:17`, `user:3`, `token:2`, `organisation:1`. Personal data stays out of `data`:
    ids, words of our own and digests only, so that a customer's data can be erased while the record stays whole.
    """

    chain = models.CharField(max_length=80)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint("chain", "seq", name="record_chain_seq")]


class Seal(models.Model):
    """One link of the chain over all chains: rows `first_id` to `last_id` as they were at `at`."""

    number = models.PositiveBigIntegerField(unique=True)
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField(unique=True)
    rows = models.PositiveIntegerField()
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    at = models.DateTimeField(default=clock.now)
