"""Verbs that change people, units, teams and tokens."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.actors import SYSTEM, Actor, actor_for_token
from amends.accounts.events import (
    LanguagesChanged,
    OrganisationSetUp,
    TeamCreated,
    TokenCreated,
    TokenRevoked,
    UnitChanged,
    UnitCreated,
    UserCreated,
)
from amends.accounts.hours import HoursError, check_hours
from amends.accounts.models import ApiToken, Membership, Team, TeamMember, Unit, UnitKind, User
from amends.accounts.permissions import Permission, Role, Scope
from amends.core import clock
from amends.core.errors import BadInput, Conflict
from amends.core.events import publish
from amends.core.ids import new_token, token_digest
from amends.core.text import clean_line, normalise_email


def create_unit(
    *, actor: Actor, key: str, name: str, parent: Unit | None, kind: str = UnitKind.DEPARTMENT, **settings: object
) -> Unit:
    """A new unit below `parent`; the root has none.

    Raises:
        BadInput: the time zone is unknown.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    _check_zone(settings.get("timezone"))
    with transaction.atomic():
        if Unit.objects.filter(key=key).exists():
            raise Conflict("There is a unit with this key already.", field="key")
        if Unit.objects.filter(parent=parent, name=clean_line(name)).exists():
            raise Conflict("There is a unit with this name here already.", field="name")
        unit = Unit(key=key, name=clean_line(name), parent=parent, kind=kind, **settings)
        unit.save()
        unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
        unit.save(update_fields=["path"])
        publish(UnitCreated(unit_id=unit.pk, actor_kind=actor.kind, actor_id=actor.id))
    return unit


UNIT_SETTINGS = frozenset(
    {"timezone", "country", "subdivision", "language", "currency", "rule_packs", "sender_name", "sender_email"}
    | {"inbound_address", "phone", "hours"}
)


def change_unit(*, actor: Actor, unit: Unit, **settings: object) -> Unit:
    """Change settings of a unit; what is empty is inherited from the unit above.

    Raises:
        BadInput: the time zone is unknown, the hours are wrong, or there is no such setting.
        Conflict: the name or inbound address is taken.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    _check_zone(settings.get("timezone"))
    if "hours" in settings:
        settings["hours"] = _checked_hours(settings["hours"])
    if unknown := sorted(settings.keys() - UNIT_SETTINGS - {"name"}):
        raise BadInput(f"A unit has no setting {unknown[0]!r}.", field=unknown[0])
    with transaction.atomic():
        unit = Unit.objects.select_for_update().get(pk=unit.pk)
        changed = {name for name, value in settings.items() if getattr(unit, name) != value}
        if "name" in changed and Unit.objects.filter(parent=unit.parent, name=settings["name"]).exists():
            raise Conflict("There is a unit with this name here already.", field="name")
        inbound = settings.get("inbound_address")
        if inbound and Unit.objects.exclude(pk=unit.pk).filter(inbound_address=inbound).exists():
            raise Conflict("Another unit has this inbound address already.", field="inbound_address")
        for name in changed:
            setattr(unit, name, settings[name])
        if changed:
            unit.save(update_fields=sorted(changed))
            publish(UnitChanged(unit_id=unit.pk, names=frozenset(changed), actor_kind=actor.kind, actor_id=actor.id))
    return unit


def _check_zone(zone: object) -> None:
    if zone and zone not in available_timezones():
        raise BadInput(f"{zone!r} is not a time zone. Use a name such as Europe/Berlin.", field="timezone")


def _checked_hours(given: object) -> dict[str, list[list[str]]]:
    try:
        return check_hours(given)
    except HoursError as error:
        raise BadInput(str(error), field="hours") from None


def create_team(
    *,
    actor: Actor,
    key: str,
    name: str,
    unit: Unit,
    tier: int = 1,
    languages: list[str] | None = None,
    escalates_to: Team | None = None,
) -> Team:
    """A team with a queue of its own.

    Raises:
        BadInput: the tier is not 1 to 5, or it would hand over to itself or below.
        Conflict: the key is taken.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    if not 1 <= tier <= 5:
        raise BadInput("A tier is a number from 1 to 5.", field="tier")
    if escalates_to is not None and escalates_to.tier <= tier:
        raise BadInput("A team hands over to a higher tier.", field="escalates_to")
    with transaction.atomic():
        if Team.objects.filter(key=key).exists():
            raise Conflict("There is a team with this key already.", field="key")
        team = Team.objects.create(
            key=key, name=clean_line(name), unit=unit, tier=tier, languages=languages or [], escalates_to=escalates_to
        )
        publish(TeamCreated(team_id=team.pk, actor_kind=actor.kind, actor_id=actor.id))
    return team


def create_user(
    *,
    actor: Actor,
    email: str,
    name: str,
    password: str | None,
    roles: list[tuple[Unit, Role]],
    teams: list[Team] | None = None,
    title: str = "",
    phone: str = "",
    languages: list[str] | None = None,
    language: str = "en",
) -> User:
    """A member of staff with roles and teams.

    Raises:
        BadInput: the password is too weak.
        Conflict: somebody has this e-mail address already.
    """
    actor.require(Permission.STAFF_MANAGE)
    if password is not None and actor.kind != "system":
        check_password_strength(password, email=email, name=name)
    with transaction.atomic():
        if User.objects.filter(email=normalise_email(email)).exists():
            raise Conflict("Somebody has this e-mail address already.", field="email")
        user = User.objects.create_user(
            email,
            password,
            name=clean_line(name),
            title=title,
            phone=phone,
            languages=languages or [],
            language=language,
        )
        Membership.objects.bulk_create(Membership(user=user, unit=unit, role=role) for unit, role in roles)
        TeamMember.objects.bulk_create(TeamMember(team=team, user=user) for team in teams or [])
        publish(UserCreated(user_id=user.pk, actor_kind=actor.kind, actor_id=actor.id))
    return user


def set_languages(*, actor: Actor, user: User, languages: list[str]) -> User:
    """Say which languages somebody speaks, as two small letters each; nothing means that language is not asked of them.

    Whoever calls this has checked that the actor arranges this person's work.

    Raises:
        BadInput: one is not written as two letters.
    """
    checked = sorted({one.strip().lower() for one in languages} - {""})
    wrong = next((one for one in checked if not re.fullmatch(r"[a-z]{2}", one)), None)
    if wrong is not None or len(checked) > MOST_LANGUAGES:
        raise BadInput(_("Write each language with two letters, such as en or de."), field="languages")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.languages != checked:
            user.languages = checked
            user.save(update_fields=["languages"])
            publish(LanguagesChanged(user_id=user.pk, actor_kind=actor.kind, actor_id=actor.id))
    return user


MOST_LANGUAGES = 20


def check_password_strength(password: str, *, email: str, name: str) -> None:
    """Refuse a password that is short, common or made of the person's own name.

    Raises:
        BadInput: it is; the message says why.
    """
    try:
        validate_password(password, user=User(email=normalise_email(email), name=name))
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), field="password") from error


def set_up_organisation(
    *, name: str, timezone: str, country: str, language: str, email: str, person: str, password: str
) -> User:
    """The first run: the root unit, one team and the administrator, or nothing.

    Raises:
        Conflict: the system has been set up already.
    """
    ZoneInfo(timezone)
    with transaction.atomic():
        if Unit.objects.select_for_update().filter(parent=None).exists():
            raise Conflict("The system has been set up already: sign in instead.")
        root = create_unit(
            actor=SYSTEM,
            key="organisation",
            name=name,
            parent=None,
            kind=UnitKind.ORGANISATION,
            timezone=timezone,
            country=country,
            language=language,
            rule_packs=["house"],
        )
        team = Team.objects.create(key="care", name="Customer care", unit=root, tier=1)
        user = create_user(
            actor=SYSTEM,
            email=email,
            name=person,
            password=password,
            roles=[(root, Role.ADMINISTRATOR)],
            teams=[team],
            language=language,
        )
        publish(OrganisationSetUp(unit_id=root.pk, user_id=user.pk))
    return user


def create_token(*, actor: Actor, name: str, scopes: list[str], unit: Unit | None = None) -> str:
    """A new API token; the answer is the only time it can be read.

    Raises:
        BadInput: a scope is unknown, or none was given.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    unknown = [scope for scope in scopes if scope not in Scope.values]
    if unknown or not scopes:
        raise BadInput(f"Choose scopes from {', '.join(Scope.values)}.", field="scopes")
    secret = new_token("amends")
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=clean_line(name)[:200],
            digest=token_digest(secret),
            scopes=sorted(set(scopes)),
            unit=unit,
            created_by_id=actor.user_id,
        )
        publish(
            TokenCreated(
                token_id=token.pk, name=token.name, scopes=tuple(token.scopes), actor_kind=actor.kind, actor_id=actor.id
            )
        )
    return secret


def revoke_token(*, actor: Actor, token_id: int) -> bool:
    """End a token now; True when this call ended it."""
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        ended = ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=clock.now()) == 1
        if ended:
            publish(TokenRevoked(token_id=token_id, actor_kind=actor.kind, actor_id=actor.id))
    return ended


def actor_for_secret(secret: str) -> Actor | None:
    """The actor of a token that exists and is not revoked, else None."""
    token = ApiToken.objects.select_related("unit").filter(digest=token_digest(secret), revoked_at=None).first()
    if token is None:
        return None
    today = clock.now().date()
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return actor_for_token(token)
