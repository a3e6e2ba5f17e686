"""The small interface of a channel: what the rest of Amends needs to know of a way in (and out).

A channel is a folder here. Its modules are found by their names, so that a new one touches no other file:

- `channel.py`  registers the `Channel` (and whatever else must be registered at start, such as figures);
- `models.py`   its tables; `jobs.py` its jobs; `api.py` its `router`; `urls.py` the `urlpatterns` of its pages;
- `locale/`     its translations.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

from amends.core.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Send = Callable[[int, datetime | None], None]
"""Called inside the transaction that queued a message: its id, and the moment before which it must not go. Defers a job."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in which people reach the organisation.

    Attributes:
        key: what stands in `Complaint.channel` and `Message.channel`; at most 20 characters.
        name: for people.
        order: the place in lists.
        send: how a queued message leaves by this channel; None when nothing is ever sent by it.
        by_api: a program may name it when it registers a complaint.
    """

    key: str
    name: str | _StrPromise
    order: int = 100
    send: Send | None = None
    by_api: bool = True


channels: Registry[Channel] = Registry("channels")


def modules_of_channels(name: str) -> Iterator[ModuleType]:
    """Import and yield the module `name` of every channel's folder that has one, by folder."""
    folder = import_module("amends.intake.channels")
    for found in sorted(pkgutil.iter_modules(folder.__path__), key=lambda one: one.name):
        module = f"amends.intake.channels.{found.name}.{name}"
        if found.ispkg and find_spec(module) is not None:
            yield import_module(module)
