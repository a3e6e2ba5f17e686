"""What happened to people, units and tokens."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class OrganisationSetUp(Event):
    """The first run created the organisation and its administrator."""

    unit_id: int
    user_id: int


@dataclass(frozen=True, slots=True)
class UnitCreated(Event):
    """A unit was added to the tree."""

    unit_id: int
    actor_kind: str
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class UnitChanged(Event):
    """Settings of a unit changed; `names` are their fields."""

    unit_id: int
    names: frozenset[str]
    actor_kind: str
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class TeamCreated(Event):
    """A team was added."""

    team_id: int
    actor_kind: str
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    """A member of staff was added."""

    user_id: int
    actor_kind: str
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class LanguagesChanged(Event):
    """The languages somebody speaks were changed."""

    user_id: int
    actor_kind: str
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class TokenCreated(Event):
    """An API token was made."""

    token_id: int
    name: str
    scopes: tuple[str, ...]
    actor_kind: str
    actor_id: int | None


@dataclass(frozen=True, slots=True)
class TokenRevoked(Event):
    """An API token was ended."""

    token_id: int
    actor_kind: str
    actor_id: int | None
