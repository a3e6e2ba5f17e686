"""Customers whose cases come onto a list with special handling by themselves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from amends.accounts.public import User
from amends.cases.public import AccessList, Customer
from amends.core import clock


class ListedCustomer(models.Model):
    """A customer on a list: important, vulnerable, with a lawyer, from the press, related to one of us."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    access_list = models.ForeignKey(AccessList, models.CASCADE, related_name="+")
    reason = models.TextField()
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "routing"
        constraints = [
            models.UniqueConstraint("customer", "access_list", name="listed_customer_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="listed_customer_has_reason"),
        ]
