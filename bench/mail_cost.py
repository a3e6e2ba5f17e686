"""What one mail costs: CPU milliseconds of Python and of PostgreSQL, and statements, for each step, as JSON.

    python -m bench.mail_cost [--mails 100]

One process does for each mail what the listener and a worker do: keep, read and register, assess, write the first letter, hand
it to the relay (a process of its own, which is not counted). CPU time says what a mail needs whatever else the machine does;
`bench/mail` says what a whole system gets through. The jobs' own rows and the loop that fetches them are not in here.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

from bench.mail import _set_up, mail
from bench.relay import CountingRelay
from bench.system import prepare_django, print_figures, system

STEPS = ("keep", "register", "assess", "write", "send")


def _relay(port: Queue[int]) -> None:
    """Take mail until the parent ends."""
    relay = CountingRelay()
    relay.start()
    port.put(relay.port)
    while os.getppid() != 1:
        time.sleep(1)


def measure(mails: int) -> dict[str, Any]:
    """Run each step for all mails, one step after the other, so that the clock ticks of the server average out."""
    context = multiprocessing.get_context("spawn")
    port: Queue[int] = context.Queue()
    relay = context.Process(target=_relay, args=(port,), daemon=True)
    relay.start()
    try:
        with system(AMENDS_RELAY_HOST="127.0.0.1", AMENDS_RELAY_PORT=str(port.get(timeout=60))) as one:
            from amends.core.postgres import running

            with running(Path(one.environment["AMENDS_DATA"])) as url:
                one.environment["DATABASE_URL"] = url
                one.run("migrate")
                prepare_django(one)
                logging.disable(logging.CRITICAL)
                return _measured(mails)
    finally:
        relay.kill()
        relay.join()


def _measured(mails: int) -> dict[str, Any]:
    from django.db import connection

    from amends.core.worker_connection import PREPARED_MOST, prepare_statements

    prepare_statements()
    _set_up()
    connection.ensure_connection()
    connection.connection.prepared_max = PREPARED_MOST
    server = connection.connection.info.backend_pid
    _each_step(10, "warm")
    python: dict[str, float] = {}
    database: dict[str, float] = {}
    statements = dict.fromkeys(STEPS, 0)
    for name, step in _steps(mails, "counted"):
        counted = 0

        def count(execute: Callable[..., Any], *given: Any) -> Any:
            nonlocal counted
            counted += 1
            return execute(*given)

        before, before_there = time.process_time(), _cpu_of(server)
        with connection.execute_wrapper(count):
            step()
        python[name] = (time.process_time() - before) * 1000 / mails
        database[name] = (_cpu_of(server) - before_there) * 1000 / mails
        statements[name] = round(counted / mails)
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
    return {
        "bench": "mail_cost",
        "mails": mails,
        "python_cpu_ms": {name: round(value, 1) for name, value in python.items()},
        "database_cpu_ms": {name: round(value, 1) for name, value in database.items()},
        "statements": statements,
        "python_cpu_ms_per_mail": round(sum(python.values()), 1),
        "database_cpu_ms_per_mail": round(sum(database.values()), 1),
        "statements_per_mail": sum(statements.values()),
    }


def _each_step(mails: int, run: str) -> None:
    for _name, step in _steps(mails, run):
        step()


def _steps(mails: int, run: str) -> list[tuple[str, Callable[[], None]]]:
    """The steps for so many mails, each to be called once and in this order."""
    from amends.accounts.public import SYSTEM
    from amends.cases.public import Message
    from amends.intake.channels.email import outbox, services
    from amends.intake.channels.email.models import RawMail
    from amends.triage.public import assess_complaint
    from amends.voice.services import acknowledge

    kept: list[int] = []
    cases: list[int] = []

    def keep() -> None:
        for number in range(mails):
            address, raw = mail(run, number)
            kept.append(services.store(raw=raw, envelope_from=address, envelope_to=["care@amends.localhost"]))

    def register() -> None:
        for one in kept:
            services.process(raw_mail_id=one)

    def assess() -> None:
        cases.extend(number for (number,) in RawMail.objects.filter(pk__in=kept).values_list("complaint_id"))
        for case in cases:
            assess_complaint(actor=SYSTEM, complaint_id=case)

    def write() -> None:
        for case in cases:
            acknowledge(complaint_id=case)

    def send() -> None:
        for message in Message.objects.filter(complaint_id__in=cases, direction="out").values_list("pk", flat=True):
            outbox.deliver(message_id=message)

    return list(zip(STEPS, (keep, register, assess, write, send), strict=True))


def _cpu_of(process: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=100)
    print_figures(measure(parser.parse_args().mails))


if __name__ == "__main__":
    main()
