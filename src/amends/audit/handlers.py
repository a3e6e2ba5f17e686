"""What the record notes of people, units and tokens."""

from __future__ import annotations

from typing import cast

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
from amends.accounts.public import SYSTEM, Actor, ActorKind
from amends.audit.services import record
from amends.core.events import on


def _actor(kind: str, actor_id: int | None) -> Actor:
    return Actor(kind=cast("ActorKind", kind), id=actor_id, name="")


@on(OrganisationSetUp)
def note_set_up(event: OrganisationSetUp) -> None:
    """The organisation was set up."""
    record(
        actor=SYSTEM, chain=f"organisation:{event.unit_id}", kind="organisation_set_up", data={"user": event.user_id}
    )


@on(UnitCreated)
def note_unit(event: UnitCreated) -> None:
    """A unit was added."""
    record(actor=_actor(event.actor_kind, event.actor_id), chain=f"unit:{event.unit_id}", kind="unit_created")


@on(UnitChanged)
def note_unit_changed(event: UnitChanged) -> None:
    """Settings of a unit changed."""
    record(
        actor=_actor(event.actor_kind, event.actor_id),
        chain=f"unit:{event.unit_id}",
        kind="unit_changed",
        data={"settings": sorted(event.names)},
    )


@on(TeamCreated)
def note_team(event: TeamCreated) -> None:
    """A team was added."""
    record(actor=_actor(event.actor_kind, event.actor_id), chain=f"team:{event.team_id}", kind="team_created")


@on(UserCreated)
def note_user(event: UserCreated) -> None:
    """A member of staff was added."""
    record(actor=_actor(event.actor_kind, event.actor_id), chain=f"user:{event.user_id}", kind="user_created")


@on(LanguagesChanged)
def note_languages(event: LanguagesChanged) -> None:
    """The languages of a member of staff were changed."""
    record(actor=_actor(event.actor_kind, event.actor_id), chain=f"user:{event.user_id}", kind="languages_changed")


@on(TokenCreated)
def note_token(event: TokenCreated) -> None:
    """A token was made."""
    record(
        actor=_actor(event.actor_kind, event.actor_id),
        chain=f"token:{event.token_id}",
        kind="token_created",
        data={"name": event.name, "scopes": list(event.scopes)},
    )


@on(TokenRevoked)
def note_token_end(event: TokenRevoked) -> None:
    """A token was ended."""
    record(actor=_actor(event.actor_kind, event.actor_id), chain=f"token:{event.token_id}", kind="token_revoked")
