"""The areas of the staff's pages, as the bar at the top lists them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy

from amends.accounts.public import Actor, Permission


@dataclass(frozen=True, slots=True)
class Place:
    """One link of the bar. `route` and `values` make its address; `current` says that the page belongs to it."""

    key: str
    title: LazyText | str
    command: LazyText | str
    route: str
    permission: Permission
    values: tuple[tuple[str, str], ...] = ()
    url: str = ""
    current: bool = False


PLACES = (
    Place(
        "queue",
        gettext_lazy("Queue"),
        gettext_lazy("Go to my cases"),
        "workspace:queue",
        Permission.CASE_VIEW,
        (("view", "mine"),),
    ),
    Place(
        "promises",
        gettext_lazy("Promises"),
        gettext_lazy("Go to the promises"),
        "handling:promises",
        Permission.CASE_VIEW,
    ),
    Place("review", gettext_lazy("Review"), gettext_lazy("Go to the review"), "review:review", Permission.REVIEW_VIEW),
    Place(
        "quarantine",
        gettext_lazy("Quarantine"),
        gettext_lazy("Go to the quarantine"),
        "quarantine",
        Permission.QUARANTINE_WORK,
    ),
)


def places_for(actor: Actor, *, path: str, area: str = "") -> list[Place]:
    """The areas this actor may open, in the order of the bar; a domain without pages is left out."""
    found = []
    for place in PLACES:
        url = _address(place)
        if url and actor.can(place.permission):
            found.append(replace(place, url=url, current=place.key == area or (not area and path.startswith(url))))
    return found


def _address(place: Place) -> str:
    try:
        return reverse(place.route, kwargs=dict(place.values))
    except NoReverseMatch:
        return ""  # an installation may leave a domain's pages out; its link then has nowhere to go
