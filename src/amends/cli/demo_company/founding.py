"""Founds the demo company in an empty system: units, teams, products, people, all with one password."""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from amends.accounts.public import (
    SYSTEM,
    Actor,
    Role,
    Team,
    TeamMember,
    Unit,
    UnitKind,
    User,
    actor_for_user,
    create_unit,
    create_user,
)
from amends.audit.public import record, records_of
from amends.cases.public import Product
from amends.cli.demo_company import model
from amends.cli.demo_company.organisation import company

CHAIN: Final = "demo"
ROOT: Final = "tarnbrook"
HEAD_OFFICE: Final = "head-office"
KINDS: Final = {
    "tarnbrook": UnitKind.ORGANISATION,
    "region": UnitKind.REGION,
    "shop": UnitKind.SHOP,
    "online": UnitKind.SHOP,
}
ROLES: Final = {"team_lead": Role.LEAD}
LANGUAGES: Final = {"GB": "en", "DE": "de"}
ADDRESSES: Final = {"region-uk": "care.uk", "region-de": "service.de"}
PHONES: Final = {"GB": "020 7946 0{:03d}", "DE": "030 23125 {:03d}"}
SHOWN: Final = ("moira", "svenja", "ruth", "helen", "eleanor", "bernard", "olu")
ESCALATION: Final = {"first-line-en": "technical", "first-line-de": "technical", "technical": "leads", "money": "leads"}


class Staff:
    """The people of the demo company as actors, by their keys."""

    def __init__(self) -> None:
        users = {user.email: user for user in User.objects.all()}
        self._actors: dict[str, Actor] = {
            person.key: actor_for_user(users[person.email]) for person in company().people if person.email in users
        }

    def actor(self, key: str) -> Actor:
        return self._actors[key]

    def __contains__(self, key: str) -> bool:
        return key in self._actors


def someone_elses() -> bool:
    """Whether this system belongs to an organisation of its own, where a demo company has no business."""
    return Unit.objects.filter(parent=None).exclude(key=ROOT).exists()


def is_founded() -> bool:
    return Unit.objects.filter(key=ROOT).exists()


def finished_at() -> datetime | None:
    """When the last story was told, or None while some are missing."""
    return next((row.at for row in records_of(CHAIN) if row.kind == "demo_loaded"), None)


def anchor(now: datetime | None) -> datetime:
    """The moment all stories are told from: when the company was founded, else `now`.

    Raises:
        LookupError: neither is known.
    """
    founded = next((row.data["now"] for row in records_of(CHAIN) if row.kind == "demo_founded"), None)
    moment = datetime.fromisoformat(founded) if founded else now
    if moment is None:
        raise LookupError("The demo company is not founded yet.")
    return moment


def note_finished(stories: int) -> None:
    with transaction.atomic():
        record(actor=SYSTEM, chain=CHAIN, kind="demo_loaded", data={"stories": stories})


def password() -> str:
    """The password of every demo sign-in: AMENDS_DEMO_PASSWORD, else one that only this installation has."""
    given = os.environ.get("AMENDS_DEMO_PASSWORD", "")
    if given:
        return given
    digest = hmac.new(settings.SECRET_KEY.encode(), b"demo sign-in", hashlib.sha256).digest()
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that look like digits
    return "tarnbrook-" + "".join(alphabet[byte % len(alphabet)] for byte in digest[:8])


def sign_ins() -> list[tuple[str, str]]:
    """What the sign-ins worth showing are for, and their addresses."""
    people = {person.key: person for person in company().people}
    return [(f"{people[key].name}, {people[key].title}", people[key].email) for key in SHOWN]


def found(now: datetime) -> None:
    """Everything but the stories, or nothing at all."""
    with transaction.atomic():
        units = _units()
        teams = _teams(units)
        _products(now)
        _people(units, teams)
        record(actor=SYSTEM, chain=CHAIN, kind="demo_founded", data={"now": now.isoformat()})


def _units() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for unit in company().units:
        root = unit.parent is None
        units[unit.key] = create_unit(
            actor=SYSTEM,
            key=unit.key,
            name=unit.name,
            parent=units[unit.parent] if unit.parent else None,
            kind=KINDS.get(unit.key.split("-")[0], UnitKind.DEPARTMENT),
            timezone=unit.timezone,
            country=unit.country,
            language=LANGUAGES[unit.country],
            currency=unit.currency,
            rule_packs=["house"] if root else [],
            sender_name=company().name if root else "",
            inbound_address=f"{ADDRESSES[unit.key]}@{settings.AMENDS_MAIL_DOMAIN}" if unit.key in ADDRESSES else "",
            phone=PHONES[unit.country].format(100),
        )
    return units


def _teams(units: dict[str, Unit]) -> dict[str, Team]:
    teams = {
        team.key: Team.objects.create(
            key=team.key, name=team.name, unit=units[team.unit], tier=team.tier, languages=list(team.languages)
        )
        for team in company().teams
    }
    for lower, upper in ESCALATION.items():
        teams[lower].escalates_to = teams[upper]
        teams[lower].save(update_fields=["escalates_to"])
    return teams


def _products(now: datetime) -> None:
    for product in company().products:
        versions = [
            {"version": one.version, "released": (now - timedelta(days=one.released)).date().isoformat()}
            for one in product.firmware
        ]
        Product.objects.create(
            key=product.key, name=product.name, line=product.kind, price=product.price_gbp, versions=versions
        )


def _people(units: dict[str, Unit], teams: dict[str, Team]) -> None:
    for number, person in enumerate(company().people, start=101):
        country = company().unit(person.unit).country
        user = create_user(
            actor=SYSTEM,
            email=person.email,
            name=person.name,
            password=None,
            roles=[(units[_reach(person)], Role(ROLES.get(person.role, person.role)))],
            teams=[teams[key] for key in person.teams],
            title=person.title,
            phone=PHONES[country].format(number),
            languages=list(person.languages),
            language="de" if person.languages[0] == "de" else "en",
        )
        if person.role == "team_lead":
            TeamMember.objects.filter(user=user).update(leads=True)
    User.objects.filter(email__endswith=f"@{company().domain}").update(password=make_password(password()))


def _reach(person: model.Person) -> str:
    """The unit somebody works for: head office works for everybody."""
    unit: str | None = person.unit
    while unit is not None:
        if unit == HEAD_OFFICE:
            return ROOT
        unit = company().unit(unit).parent
    return person.unit
