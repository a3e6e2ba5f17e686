"""Which channel does what with a mapped delivery: registered by each channel's `channel` module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a delivery says.

    Attributes:
        fields: those of `mapping.FIELDS` that have a value.
        attributes: what is kept beside, short.
    """

    webhook_id: int
    unit_id: int
    received_at: datetime
    fields: Mapping[str, str]
    attributes: Mapping[str, str] = field(default_factory=dict)


Consumer = Callable[[Mapped], str]
"""Called inside the transaction that marks the delivery done; says what it became. Raises AmendsError when it cannot."""

consumers: dict[str, Consumer] = {}
