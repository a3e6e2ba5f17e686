"""The connectors that there are: every file of this folder registers its own."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from amends.core.errors import BadInput
from amends.intake.channels.reviews import connectors as folder
from amends.intake.channels.reviews.connectors.base import Connector, connectors

FOUND: list[ModuleType] = [
    import_module(f"{folder.__name__}.{one.name}")
    for one in pkgutil.iter_modules(folder.__path__)
    if one.name != "found"
]


def connector_of(key: str) -> Connector:
    """The connector of a kind of source.

    Raises:
        BadInput: there is none.
    """
    connector = connectors.get(key)
    if connector is None:
        raise BadInput("There is no connector of this kind.", field="kind")
    return connector


def all_connectors() -> list[Connector]:
    """All of them, in their order."""
    return list(connectors)
