"""Presence in the API: of oneself in a signed-in session, and of others for programs such as a shift planner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import APIKeyCookie
from pydantic import AwareDatetime, ConfigDict

from amends.accounts.public import Actor, Permission, User, request_actor
from amends.core import clock
from amends.core.api import api_actor, scope
from amends.core.errors import NotFound
from amends.core.text import normalise_email
from amends.routing.attendance import attendances
from amends.routing.leaving import leaving, say_presence

router = Router(tags=["routing"])


class StaffSession(APIKeyCookie):
    """The session of a signed-in member of staff, with Django's CSRF token in `X-CSRFToken`."""

    param_name = settings.SESSION_COOKIE_NAME

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """The actor of whoever is signed in."""
        return request_actor(request) if request.user.is_authenticated and request.user.is_active else None


class PresenceIn(Schema):
    """`here`, `away`, `off`, or empty to let hours and pages tell; `until` is a moment with its offset."""

    model_config = ConfigDict(extra="forbid")
    presence: str
    until: AwareDatetime | None = None


class PresenceOut(Schema):
    """How somebody stands.

    `until` is when that ends, where it is known; `gave_back` counts the cases that this request gave back to their teams;
    `would_give_back` those that going off shift would give back.
    """

    presence: str
    said: bool
    until: datetime | None
    timezone: str
    hours: dict[str, list[list[str]]]
    gave_back: int
    would_give_back: int


@router.get("/me/presence", response=PresenceOut, auth=StaffSession(), summary="How I stand")
@scope(Permission.CASE_VIEW)
def my_presence(request: HttpRequest) -> PresenceOut:
    """Here, away or off shift, of the person who is signed in."""
    return _out(api_actor(request).user_id or 0)


@router.put("/me/presence", response=PresenceOut, auth=StaffSession(), summary="Say that I am here, away or off shift")
@scope(Permission.CASE_VIEW)
def say_my_presence(request: HttpRequest, body: PresenceIn) -> PresenceOut:
    """For the signed-in person; a program with a token names the person instead (`/people/{email}/presence`)."""
    actor = api_actor(request)
    back = say_presence(actor=actor, word=body.presence, until=body.until)
    return _out(actor.user_id or 0, back)


@router.get("/people/{email}/presence", response=PresenceOut, summary="How somebody stands")
@scope(Permission.CASE_VIEW)
def presence_of(request: HttpRequest, email: str) -> PresenceOut:
    """Here, away or off shift."""
    return _out(_person(email).pk)


@router.put("/people/{email}/presence", response=PresenceOut, summary="Say that somebody is here, away or off shift")
@scope(Permission.SETTINGS_CHANGE)
def say_presence_of(request: HttpRequest, email: str, body: PresenceIn) -> PresenceOut:
    """For a shift planner or a telephone system."""
    user = _person(email)
    back = say_presence(actor=api_actor(request), word=body.presence, until=body.until, user_id=user.pk)
    return _out(user.pk, back)


def _person(email: str) -> User:
    user = User.objects.filter(email=normalise_email(email)[:254], is_active=True).first()
    if user is None:
        raise NotFound("There is nobody with this address.")
    return user


def _out(user_id: int, gave_back: int = 0) -> PresenceOut:
    found = attendances([user_id], clock.now())[user_id]
    hours: dict[str, Any] = {day: [list(slot) for slot in slots] for day, slots in found.schedule.hours.items()}
    return PresenceOut(
        presence=found.word,
        said=found.said,
        until=found.until,
        timezone=found.schedule.zone.key,
        hours=hours,
        gave_back=gave_back,
        would_give_back=sum(number for _team, number in leaving(user_id=user_id).back),
    )
