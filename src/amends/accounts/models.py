"""People, units, teams and tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from amends.accounts.permissions import Role, Scope
from amends.core import clock
from amends.core.text import normalise_email


class UserManager(BaseUserManager["User"]):
    """Creates users by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **values: Any) -> User:
        """A user with a usable password, or an unusable one when `password` is None."""
        user = self.model(email=normalise_email(email), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The user with this address, whatever its case."""
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser):
    """A member of staff. People are deactivated, never deleted: their name stays in the record."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    title = models.CharField(_("job title"), max_length=200, blank=True)
    phone = models.CharField(_("direct phone"), max_length=50, blank=True)
    language = models.CharField(_("language of the pages"), max_length=10, default="en")
    languages = ArrayField(
        models.CharField(max_length=10), default=list, verbose_name=_("languages spoken"), blank=True
    )
    single_key_shortcuts = models.BooleanField(_("single-letter shortcuts"), default=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    def get_full_name(self) -> str:
        """The name as it is shown to customers and colleagues."""
        return self.name


class UnitKind(models.TextChoices):
    """What sort of unit this is."""

    ORGANISATION = "organisation", _("Organisation")
    REGION = "region", _("Region")
    SHOP = "shop", _("Shop")
    DEPARTMENT = "department", _("Department")


class Unit(models.Model):
    """A branch, shop, region or department, in a tree. Empty settings are inherited from the unit above.

    `path` holds the ids from the root down, `/1/4/9/`, so that everything below a unit is one prefix.
    """

    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=500, blank=True)
    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=UnitKind.choices, default=UnitKind.DEPARTMENT)
    timezone = models.CharField(max_length=64, blank=True)
    country = models.CharField(max_length=2, blank=True)
    subdivision = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=10, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    rule_packs = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    hours = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text='opening hours, {"mon": [["09:00", "17:00"]], …}',
    )
    sender_name = models.CharField(max_length=200, blank=True)
    sender_email = models.EmailField(blank=True)
    inbound_address = models.EmailField(blank=True, help_text=_("Mail to this address belongs to this unit."))
    phone = models.CharField(max_length=50, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["path"], name="unit_path", opclasses=["varchar_pattern_ops"])]
        constraints = [
            models.UniqueConstraint("parent", "name", name="unit_name_once_per_parent"),
            models.UniqueConstraint(
                models.F("inbound_address"), condition=~models.Q(inbound_address=""), name="unit_inbound_address_once"
            ),
            models.UniqueConstraint(models.Value(1), condition=models.Q(parent=None), name="one_root_unit"),
        ]


class Membership(models.Model):
    """Somebody's role for a unit and everything below it."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "unit", "role", name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]


class Team(models.Model):
    """People who share a queue. `tier` 1 is the front line, 2 the specialists, 3 above them."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="teams")
    tier = models.PositiveSmallIntegerField(default=1)
    languages = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    escalates_to = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="receives_from")
    members: models.ManyToManyField[User, TeamMember] = models.ManyToManyField(
        User, through="TeamMember", related_name="teams"
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(tier__gte=1, tier__lte=5), name="team_tier_range")]


class TeamMember(models.Model):
    """One person in one team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="team_members")
    user = models.ForeignKey(User, models.CASCADE, related_name="team_members")
    leads = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint("team", "user", name="team_member_once")]


class ApiToken(models.Model):
    """A key for programs. Only its digest is stored; it is shown once, when it is made."""

    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope.choices))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(scopes__len__gte=1), name="token_has_a_scope")]
