"""What a command does when `amends run` started it: wait for the word to go, and end when the supervisor is gone.

The supervisor holds the other end of a pipe whose number is in AMENDS_SUPERVISOR_FD. A byte on it means "go"; its end
means that the supervisor is dead, even by kill -9, and that nobody would stop this process any more.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Final

VARIABLE: Final = "AMENDS_SUPERVISOR_FD"
GRACE_SECONDS: Final = 12.0
ENDED_BY_SIGTERM: Final = 143

_go = threading.Event()


def begin() -> None:
    """Called first by every command; does nothing outside of `amends run` but make SIGTERM leave in good order."""
    signal.signal(signal.SIGTERM, _leave)
    number = os.environ.pop(VARIABLE, "")
    if not number:
        _go.set()
        return
    os.set_inheritable(int(number), False)
    threading.Thread(target=_watch, args=(int(number),), name="supervisor-watch", daemon=True).start()


def wait_for_go() -> None:
    """Return when the database is up to date and the work may begin."""
    _go.wait()


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(ENDED_BY_SIGTERM)


def _watch(descriptor: int) -> None:
    while os.read(descriptor, 1):
        _go.set()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(ENDED_BY_SIGTERM)
