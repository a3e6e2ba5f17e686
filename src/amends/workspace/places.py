"""The areas of the staff's pages, as the bar at the top lists them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy

from amends.accounts.public import Actor, Permission
from amends.core.places import Group, Place, places

GROUP_TITLES = {
    Group.WORK: gettext_lazy("Work"),
    Group.TALK: gettext_lazy("Conversations"),
    Group.INTAKE: gettext_lazy("Intake"),
    Group.LISTEN: gettext_lazy("Listening"),
    Group.SETTINGS: gettext_lazy("Settings"),
}
places.register(
    Place(
        "queue",
        gettext_lazy("Queue"),
        gettext_lazy("Go to my cases"),
        "workspace:queue",
        Permission.CASE_VIEW,
        values=(("view", "mine"),),
        order=10,
    )
)


@dataclass(frozen=True, slots=True)
class Link:
    """A place as this person sees it; `current` says that the page belongs to it."""

    place: Place
    url: str
    current: bool

    @property
    def title(self) -> LazyText | str:
        """The words of the link."""
        return self.place.title

    @property
    def command(self) -> LazyText | str:
        """The words of the command."""
        return self.place.command


@dataclass(frozen=True, slots=True)
class Heading:
    """The links of one group."""

    group: Group
    title: LazyText | str
    links: list[Link]

    @property
    def current(self) -> bool:
        """Whether the page belongs to one of them."""
        return any(link.current for link in self.links)


def places_for(actor: Actor, *, path: str, area: str = "") -> list[Heading]:
    """The areas this actor may open, by group in the order of the bar; a domain without pages is left out."""
    groups = list(Group)
    found = [
        Link(place, url, place.key == area or (not area and path.startswith(url)))
        for place in sorted(places, key=lambda one: (groups.index(one.group), one.order, one.key))
        if actor.can(Permission(place.permission)) and (url := _address(place))
    ]
    return [
        Heading(group, GROUP_TITLES[group], list(links)) for group, links in groupby(found, lambda one: one.place.group)
    ]


def _address(place: Place) -> str:
    try:
        return reverse(place.route, kwargs=dict(place.values))
    except NoReverseMatch:
        return ""  # an installation may leave a domain's pages out; its link then has nowhere to go
