"""How somebody wants to be told, and who stands in while they are away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, User
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.notifications.models import StandIn, Wishes
from amends.notifications.outside import outside


def set_wishes(
    *,
    actor: Actor,
    by_email: str,
    services: Sequence[str] = (),
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    timezone: str = "",
) -> Wishes:
    """Say how one wants to be told beside the page.

    Raises:
        BadInput: a word, service or zone is not known, or only one end of the quiet hours is given.
    """
    user_id = _person(actor)
    if by_email not in ("never", "urgent", "all"):
        raise BadInput(_("Choose when to be told by e-mail."), field="by_email")
    unknown = sorted(set(services) - set(outside().services))
    if unknown:
        raise BadInput(_("There is no service with this name."), field="services")
    if (quiet_from is None) != (quiet_until is None):
        raise BadInput(_("Quiet hours need a beginning and an end."), field="quiet_until")
    if timezone and timezone not in available_timezones():
        raise BadInput(_("That is not a time zone; write a name such as Europe/Berlin."), field="timezone")
    row, _created = Wishes.objects.update_or_create(
        user_id=user_id,
        defaults={
            "by_email": by_email,
            "services": sorted(set(services)),
            "quiet_from": quiet_from,
            "quiet_until": quiet_until,
            "timezone": timezone,
        },
    )
    return row


def be_away(*, actor: Actor, stand_in_id: int, first: datetime, last: datetime) -> StandIn:
    """Be away for a time; the colleague hears of what one would have heard of.

    Raises:
        BadInput: the times are the wrong way round or over, or nobody like that works here.
    """
    user_id = _person(actor)
    if last <= first or last <= clock.now():
        raise BadInput(_("An absence ends after it began, and not in the past."), field="last")
    if stand_in_id == user_id or not User.objects.filter(pk=stand_in_id, is_active=True).exists():
        raise BadInput(_("Choose a colleague who stands in for you."), field="stand_in")
    with transaction.atomic():
        overlapping = StandIn.objects.filter(user_id=user_id, first__lt=last, last__gt=first)
        if overlapping.exists():
            raise BadInput(_("You have said already that you are away then."), field="first")
        return StandIn.objects.create(user_id=user_id, stand_in_id=stand_in_id, first=first, last=last)


def be_back(*, actor: Actor, absence_id: int) -> None:
    """End an absence now, or take one back that has not begun.

    Raises:
        NotFound: it is not one's own.
    """
    mine = StandIn.objects.filter(pk=absence_id, user_id=_person(actor)).first()
    if mine is None:
        raise NotFound
    now = clock.now()
    if mine.first >= now:
        mine.delete()
    elif mine.last > now:
        mine.last = now
        mine.save(update_fields=["last"])


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed(_("Only a person can say how they want to be told."))
    return actor.user_id
