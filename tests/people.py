"""The people of the tests: Alice owns, Bob helps, Lena leads, Dora directs, Conny sees all, Ada administers, and Charlie is an
outsider who must never see anything of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from amends.accounts.public import (
    SYSTEM,
    Actor,
    Role,
    Team,
    Unit,
    UnitKind,
    User,
    actor_for_user,
    create_token,
    create_unit,
    create_user,
)
from amends.cases.public import Complaint, NewComplaint, Person, Product, register


@dataclass(frozen=True)
class House:
    """The organisation of the tests: a British company with a shop in London and one in Berlin."""

    root: Unit
    london: Unit
    berlin: Unit
    care: Team
    specialists: Team
    berlin_team: Team
    speaker: Product


@pytest.fixture
def house(db: None) -> House:
    """Units, teams and a product."""
    root = create_unit(
        actor=SYSTEM, key="northlight", name="Northlight", parent=None, kind=UnitKind.ORGANISATION, timezone="Europe/London",
        country="GB", language="en", currency="GBP", rule_packs=["house"], sender_email="care@amends.localhost",
    )  # fmt: skip
    london = create_unit(
        actor=SYSTEM, key="london", name="London shop", parent=root, kind=UnitKind.SHOP, subdivision="ENG", country="GB"
    )
    berlin = create_unit(
        actor=SYSTEM, key="berlin", name="Laden Berlin", parent=root, kind=UnitKind.SHOP, timezone="Europe/Berlin",
        country="DE", subdivision="BE", language="de", currency="EUR",
    )  # fmt: skip
    specialists = Team.objects.create(key="specialists", name="Technical specialists", unit=root, tier=2)
    care = Team.objects.create(
        key="care", name="Customer care", unit=london, tier=1, languages=["en"], escalates_to=specialists
    )
    berlin_team = Team.objects.create(
        key="care-de", name="Kundendienst", unit=berlin, tier=1, languages=["de"], escalates_to=specialists
    )
    speaker = Product.objects.create(key="aria-one", name="Aria One", line="Speakers", price="199.00")
    return House(root, london, berlin, care, specialists, berlin_team, speaker)


def person(name: str, roles: list[tuple[Unit, Role]], teams: list[Team] | None = None, **values: Any) -> User:
    """A member of staff with an address made of the name."""
    return create_user(
        actor=SYSTEM, email=f"{name.lower()}@northlight.example", name=f"{name} Example", password="correct horse battery",
        roles=roles, teams=teams, **values,
    )  # fmt: skip


@pytest.fixture
def alice(house: House) -> User:
    """An agent of the London shop."""
    return person("Alice", [(house.london, Role.AGENT)], [house.care], phone="+44 20 7946 0001")


@pytest.fixture
def bob(house: House) -> User:
    """A specialist for the whole organisation."""
    return person("Bob", [(house.root, Role.SPECIALIST)], [house.specialists])


@pytest.fixture
def lena(house: House) -> User:
    """The lead of the London team."""
    return person("Lena", [(house.london, Role.LEAD)], [house.care])


@pytest.fixture
def dora(house: House) -> User:
    """The director."""
    return person("Dora", [(house.root, Role.DIRECTOR)])


@pytest.fixture
def conny(house: House) -> User:
    """The compliance officer: reads all, changes nothing."""
    return person("Conny", [(house.root, Role.COMPLIANCE)])


@pytest.fixture
def ada(house: House) -> User:
    """The administrator."""
    return person("Ada", [(house.root, Role.ADMINISTRATOR)])


@pytest.fixture
def charlie(house: House) -> User:
    """The outsider: an agent of Berlin, who has no business in London."""
    return person("Charlie", [(house.berlin, Role.AGENT)], [house.berlin_team])


def actor(user: User) -> Actor:
    """The actor of a user."""
    return actor_for_user(user)


@pytest.fixture
def complaint(house: House) -> Complaint:
    """A complaint about the London shop, registered a moment ago."""
    return new_complaint(house.london)


def new_complaint(unit: Unit, **values: Any) -> Complaint:
    """Register a complaint with believable defaults."""
    given: dict[str, Any] = {
        "channel": "api",
        "complainant": Person(name="Maya Okafor", email="maya@example.org", phone="+44 7700 900123", language="en"),
        "subject": "Speaker stopped working after the update",
        "text": "My Aria One stopped working after the update. I have waited nine days and nobody answered my e-mail. "
        "I want my money back.",
        "product": "aria-one",
        "unit_id": unit.pk,
    }
    return register(actor=SYSTEM, new=NewComplaint(**{**given, **values})).complaint


@pytest.fixture
def token(house: House) -> str:
    """A token that may register, read and work, for the whole organisation."""
    return create_token(actor=SYSTEM, name="tests", scopes=["intake", "read", "work", "review", "admin"])
