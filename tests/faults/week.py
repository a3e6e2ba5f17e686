"""A simulated week: complaints come in, few are answered, workers are killed with SIGKILL and restarted; at the end no
deadline was broken in silence.

    python -m tests.faults.week [--complaints 5000] [--seed 7] [--kills 20] [--step-minutes 30]

The real worker processes do the real jobs on a PostgreSQL of their own and send to a real relay; only the time is
simulated (tests/faults/simulated_clock.py), so a week passes in minutes. Jobs planned for later are let out when the
simulated time reaches them. For the length of an outage no worker lives at all. Prints JSON; exit code 1 when a check fails.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bench.system import ROOT, System, system

from tests.faults.simulated_clock import SimulatedClock, install
from tests.intake.email.relay import running_relay

if TYPE_CHECKING:
    from tests.faults.week_life import Life

WORKERS = 2
WEEK = timedelta(days=7)
RUN_OUT = timedelta(days=6)
"""After the week nobody complains any more and nobody works: every deadline of the week runs out."""
RUN_OUT_HOURS = 12
OUTAGE_STEPS = 4
PATIENCE_SECONDS = 120.0
DUE = "status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
LOOK_OUTS = (
    "core.take_up_stalled", "clocks.sweep", "notifications.climb", "notifications.take_up", "voice.catch_up",
    "intake.take_up_mail", "triage.catch_up",
)  # fmt: skip


def first_monday() -> datetime:
    """A Monday in March of the year after next: it must lie in the future of the machine, whose clock the job table uses."""
    day = datetime(datetime.now(tz=UTC).year + 2, 3, 1, tzinfo=UTC)  # noqa: TID251  # the machine's year
    return day + timedelta(days=-day.weekday() % 7)


@dataclass
class Workers:
    """The worker processes, each known by its row in the table of workers."""

    one: System
    living: dict[subprocess.Popen[bytes], int] = field(default_factory=dict)
    killed: int = 0

    def start(self, count: int) -> None:
        """Start so many, one after the other, so that each is known by its row."""
        for _ in range(count):
            before = self._rows()
            log = (self.one.data / "worker.log").open("ab")
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.week_worker"],
                env=self.one.environment, cwd=ROOT, stdout=log, stderr=log,
            )  # fmt: skip
            log.close()
            self.one.processes.append(process)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not (new := self._rows() - before):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.one.data / "worker.log").read_text(errors="replace")[-4000:])
                time.sleep(0.02)
            self.living[process] = new.pop()

    def kill(self, count: int, chance: random.Random) -> None:
        """End some with SIGKILL, and let the table look as it does half a minute later."""
        for process in chance.sample(sorted(self.living, key=lambda one: one.pid), count):
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.killed += 1
            query(
                "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '30 seconds' WHERE id = %s",
                self.living.pop(process),
            )

    def _rows(self) -> set[int]:
        return {number for (number,) in query("SELECT id FROM procrastinate_workers")}


def query(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """One statement on the system's database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@dataclass
class Week:
    """Drives the simulated time, and everything that happens in it."""

    clock: SimulatedClock
    workers: Workers
    life: Life
    chance: random.Random
    begins: datetime
    step: timedelta
    kills: int
    slow_steps: int = 0

    def run(self) -> None:
        """The week, then the days in which what it left runs out."""
        steps = int(WEEK / self.step)
        outage = self.chance.randrange(steps // 2, steps - OUTAGE_STEPS - 1)
        attended = [number for number in range(1, steps) if not outage <= number < outage + OUTAGE_STEPS]
        killing = Counter(self.chance.choices(attended, k=self.kills))
        for number in range(steps):
            self.clock.set(self.begins + number * self.step)
            self.life.go_on(number, steps)
            self._let_out()
            if number == outage:
                self.workers.kill(len(self.workers.living), self.chance)
            if outage <= number < outage + OUTAGE_STEPS:
                continue
            self._pass(killing[number])
        for hours in range(0, int(RUN_OUT / timedelta(hours=1)), RUN_OUT_HOURS):
            self.clock.set(self.begins + WEEK + timedelta(hours=hours))
            self.life.answer_alerts()
            self._let_out()
            self._pass(0)

    def _pass(self, kills: int) -> None:
        """Let the workers do what is due; some die in the middle of it and are replaced."""
        self.workers.start(WORKERS - len(self.workers.living))
        for _ in range(kills):
            time.sleep(self.chance.random() * 0.2)
            self.workers.kill(1, self.chance)
            self.workers.start(1)
            self._let_out()
        self._wait_for_quiet()

    def _let_out(self) -> None:
        """What is planned for the simulated now may be done, and the look-outs of the worker have their turn."""
        from procrastinate.contrib.django import app
        from procrastinate.exceptions import AlreadyEnqueued

        query(
            "UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo' AND scheduled_at <= %s",
            self.clock.now(),
        )
        for name in LOOK_OUTS:
            try:
                app.tasks[name].configure(queueing_lock=name).defer(timestamp=0)
            except AlreadyEnqueued:
                continue

    def _wait_for_quiet(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            ((busy,),) = query(f"SELECT count(*) FROM procrastinate_jobs WHERE ({DUE}) OR status = 'doing'")
            if busy == 0:
                return
            time.sleep(0.02)
        self.slow_steps += 1


def simulate(one: System, arguments: argparse.Namespace, relay: Any) -> dict[str, Any]:
    """Run the week on a prepared database and check what it left; the figures."""
    from tests.faults.week_checks import check
    from tests.faults.week_life import Life, found_the_house

    clock = SimulatedClock(one.data / "clock")
    begins = first_monday()
    clock.set(begins)
    found_the_house()
    chance = random.Random(arguments.seed)
    week = Week(
        clock, Workers(one), Life(chance, arguments.complaints), chance, begins,
        timedelta(minutes=arguments.step_minutes), arguments.kills,
    )  # fmt: skip
    began = time.monotonic()
    week.run()
    return {
        "seed": arguments.seed,
        "complaints": arguments.complaints,
        "workers_killed": week.workers.killed,
        "steps_not_finished": week.slow_steps,
        "seconds": round(time.monotonic() - began, 1),
        **check(relay),
    }


def main() -> int:
    """Run it and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--step-minutes", type=int, default=30)
    arguments = parser.parse_args()
    with running_relay() as relay:
        relay_port = {"AMENDS_RELAY_HOST": "127.0.0.1", "AMENDS_RELAY_PORT": str(relay.port)}
        with system(AMENDS_UNDO_SECONDS="0", **relay_port) as one:
            from amends.core.postgres import running

            with running(one.data) as url:
                one.environment |= {
                    "DATABASE_URL": url,
                    "SIMULATED_CLOCK": str(one.data / "clock"),
                    "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
                }
                one.run("migrate")
                install(one.data / "clock")
                from bench.system import prepare_django

                from amends.cli.environment import close_connections

                prepare_django(one)
                try:
                    figures = simulate(one, arguments, relay)
                finally:
                    one.stop()
                    close_connections()
    print(json.dumps(figures, indent=2))
    return 1 if figures["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
