"""Who may not see a case although their unit or team would: lists with members, and people whom it is about."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import User
from amends.core import clock


class ListKind(models.TextChoices):
    """What a list for special handling is about."""

    SAFETY = "safety", _("Safety")
    LEGAL = "legal", _("Legal")
    MEDIA = "media", _("Media")
    STAFF = "staff", _("About our people")
    VULNERABLE = "vulnerable", _("Vulnerable customers")
    IMPORTANT = "important", _("Important customers")
    OTHER = "other", _("Something else")


class AccessList(models.Model):
    """A named list of cases that need special handling. When it is `restricted`, only its members see what is on it."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=ListKind.choices)
    restricted = models.BooleanField(default=True)
    automatic = models.BooleanField(default=False, help_text="assessed cases of this kind come onto it by themselves")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["name"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=ListKind.values), name="access_list_kind_known")]


class AccessListMember(models.Model):
    """Somebody who may see what is on a restricted list."""

    access_list = models.ForeignKey(AccessList, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="access_lists")

    class Meta:
        constraints = [models.UniqueConstraint("access_list", "user", name="access_list_member_once")]


class ListedCase(models.Model):
    """A case on a list."""

    complaint = models.ForeignKey("cases.Complaint", models.CASCADE, related_name="listed")
    access_list = models.ForeignKey(AccessList, models.PROTECT, related_name="cases")
    reason = models.TextField(blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("complaint", "access_list", name="listed_case_once")]


class HiddenFrom(models.Model):
    """A member of staff who never sees this case, whatever their role: it is about them."""

    complaint = models.ForeignKey("cases.Complaint", models.CASCADE, related_name="hidden_from")
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("complaint", "user", name="hidden_from_once")]
