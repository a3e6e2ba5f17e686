"""The processes that `amends run` looks after: starting, watching, starting again, ending."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Final

from amends.cli import supervised

FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 60.0  # who lived this long has earned a quick restart
END_SECONDS: Final = 20.0


def pause_before(restart: int) -> float:
    """Seconds to wait before the nth restart in a row: half a second, doubling up to half a minute."""
    return float(min(FIRST_PAUSE_SECONDS * 2 ** min(restart, 16), LONGEST_PAUSE_SECONDS))


class Child:
    """One process in a group of its own, so that Ctrl-C reaches only the supervisor and a kill reaches its children."""

    def __init__(
        self, name: str, command: str, *, variables: Mapping[str, str] | None = None, descriptors: tuple[int, ...] = ()
    ) -> None:
        self.name: Final = name
        self._command: Final = [sys.executable, "-m", "amends.cli.main", command]
        self._variables: Final = dict(variables or {})
        self._descriptors: Final = descriptors
        self._process: subprocess.Popen[bytes] | None = None
        self._word: int | None = None
        self._started = 0.0
        self._next_start = 0.0
        self._restarts = 0

    def start(self, *, go: bool) -> None:
        """Start it; with `go` it need not wait for the word."""
        listening, self._word = os.pipe()
        environment = {
            **os.environ,
            "MALLOC_ARENA_MAX": "2",  # memory: many threads, few at once
            **self._variables,
            "AMENDS_PROCESS": self.name.replace(" ", "-"),
            supervised.VARIABLE: str(listening),
        }
        self._process = subprocess.Popen(  # noqa: S603  # ourselves
            self._command,
            env=environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
            pass_fds=(listening, *self._descriptors),
        )
        os.close(listening)
        self._started = time.monotonic()
        if go:
            self.go()

    def go(self) -> None:
        """Say that the work may begin."""
        if self._word is not None:
            with contextlib.suppress(BrokenPipeError):  # it has ended already; the next look at it will tell
                os.write(self._word, b"g")

    def ended(self) -> int | None:
        """Its exit code if it has ended, else None."""
        return None if self._process is None else self._process.poll()

    @property
    def process_id(self) -> int:
        """The number of its process; 0 before the start."""
        return 0 if self._process is None else self._process.pid

    @property
    def restarts(self) -> int:
        """How often in a row it ended soon after its start."""
        return self._restarts

    def look_after(self) -> str | None:
        """Start it again when its pause is over. Returns a sentence when there is something to say."""
        now = time.monotonic()
        if self._next_start:
            if now >= self._next_start:
                self._next_start = 0.0
                self.start(go=True)
            return None
        code = self.ended()
        if code is None:
            return None
        self._restarts = 0 if now - self._started > STEADY_SECONDS else self._restarts + 1
        pause = pause_before(max(self._restarts - 1, 0))
        self._next_start = now + pause
        self._hang_up()
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"The {self.name} process {how}; starting it again in {pause:g} s."

    def end(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)
        self._hang_up()

    def wait(self, deadline: float) -> bool:
        """Wait for its end until `deadline` (monotonic), then kill its group. Returns whether it went by itself."""
        self._next_start = 0.0
        if self._process is None:
            return True
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
            return False
        return True

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _hang_up(self) -> None:
        if self._word is not None:
            os.close(self._word)
            self._word = None
