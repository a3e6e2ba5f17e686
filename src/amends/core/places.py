"""The areas of the staff's pages: each domain registers its own, the workspace's bar lists them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise as LazyText

from amends.core.registry import Registry


class Group(StrEnum):
    """Where an area is listed: the daily work stands in the bar itself, the rest in its menu under a heading."""

    WORK = "work"
    TALK = "talk"
    INTAKE = "intake"
    LISTEN = "listen"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Place:
    """One link. `route` and `values` make its address.

    Attributes:
        title: one or two words.
        command: the same as a command of the palette, such as "Go to the promises".
        permission: whoever has it sees the link; the page itself checks again.
        order: lower is further to the front within the group.
    """

    key: str
    title: LazyText | str
    command: LazyText | str
    route: str
    permission: str
    group: Group = Group.WORK
    values: tuple[tuple[str, str], ...] = ()
    order: int = 100


places: Registry[Place] = Registry("places")
