"""Parts of a complaint in the API: each domain adds its own keys to `GET /api/v1/complaints/{reference}`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amends.core.registry import Registry


@dataclass(frozen=True, slots=True)
class Section:
    """One key of a complaint's JSON.

    Attributes:
        key: the key, for example `clocks`.
        annotation: the type of its value, a pydantic model, list of models or plain type; it goes into the OpenAPI schema.
        read: `(complaint) -> value`, constant number of queries.
    """

    key: str
    annotation: Any
    read: Callable[[Any], Any]
    order: int = 100


sections: Registry[Section] = Registry("sections")
