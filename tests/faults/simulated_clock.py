"""One simulated time for several processes: a file of eight bytes that the driver writes and every process reads.

Nothing of it is in the product: a process of a simulation replaces `amends.core.clock.now` before Django loads anything.
"""

from __future__ import annotations

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = struct.Struct("<q")  # microseconds; eight bytes that lie at the start of a page are written at once


class SimulatedClock:
    """The time in a file. Whoever drives calls `set`."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_FORM.pack(0))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _FORM.size)

    def now(self) -> datetime:
        (microseconds,) = _FORM.unpack(self._memory[: _FORM.size])
        return EPOCH + timedelta(microseconds=microseconds)

    def set(self, moment: datetime) -> None:
        self._memory[: _FORM.size] = _FORM.pack((moment - EPOCH) // timedelta(microseconds=1))


def install(path: Path) -> SimulatedClock:
    """Let this process live in the simulated time. Before `django.setup()`: fields take `clock.now` as their default."""
    from amends.core import clock

    simulated = SimulatedClock(path)
    frozen = clock._frozen

    def now() -> datetime:
        return frozen.get() or simulated.now()

    clock.now = now
    return simulated
