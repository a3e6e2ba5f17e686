"""The one clock: everything that needs the time asks here, in UTC, and tests set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_frozen: ContextVar[datetime | None] = ContextVar("amends_frozen_now", default=None)


def now() -> datetime:
    """The current instant as an aware UTC datetime, or the instant set by `frozen_at`."""
    frozen = _frozen.get()
    return datetime.now(tz=UTC) if frozen is None else frozen  # noqa: TID251  # this is the one place that asks the machine


@contextmanager
def frozen_at(moment: datetime) -> Iterator[None]:
    """Within this block (and this context only) the time is `moment`, which must be aware.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("A moment needs a time zone, for example datetime(2026, 3, 2, 9, tzinfo=UTC).")
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
