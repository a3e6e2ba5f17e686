"""Mails per second into registered complaints, and how long a customer waits for the first answer, as JSON.

    python -m bench.mail [--mails 1000] [--rate 50] [--seconds 60] [--workers 2]

A whole system runs as `amends run` starts it: web processes, worker and mail listener on an embedded PostgreSQL with fsync.
First as many mails as possible are given to the SMTP listener and counted until each is a registered complaint. Then mails
come at a steady `rate`; for each the time is taken from the listener's 250 to the moment at which the relay has the
acknowledgement (DATA ended), which goes through reading, registering, assessing, writing and sending. The raw baseline of
the same run writes copies of the rows of one such complaint over psycopg and does nothing else.
"""

from __future__ import annotations

import argparse
import smtplib
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from amends.cli import environment
from bench.intake import rows_of_last
from bench.relay import CountingRelay
from bench.system import System, prepare_django, print_figures, quantile, system

WORDS = (
    "My speaker stopped working after the update to 2.4.0. I have waited nine days and nobody answered my e-mail.\n\n"
    "I want my money back, please. My order number is {number}.\n\nKind regards\nCustomer {number}\n"
)
MAIL = (
    "From: Customer {number} <{address}>\r\nTo: care@amends.localhost\r\nSubject: Speaker {number} stopped\r\n"
    "Date: Mon, 2 Mar 2026 09:30:00 +0000\r\nMessage-ID: <{run}.{number}@example.org>\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\n{words}"
)


def mail(run: str, number: int) -> tuple[str, bytes]:
    """The sender's address and the bytes of one mail; every mail is another customer's."""
    address = f"{run}{number}@example.org"
    words = WORDS.format(number=number).replace("\n", "\r\n")
    return address, MAIL.format(number=number, address=address, run=run, words=words).encode()


def give(one: System, run: str, count: int, clients: int, rate: float | None) -> dict[str, float]:
    """Give mails to the listener over kept connections; when (monotonic) each sender's mail was accepted.

    Args:
        rate: mails a second in all, each at its own moment; None is as fast as they are taken.
    """
    accepted: dict[str, float] = {}
    lock = threading.Lock()
    began = time.monotonic()

    def client(first: int) -> None:
        mine: dict[str, float] = {}
        with smtplib.SMTP("127.0.0.1", one.smtp_port, timeout=60) as wire:
            for number in range(first, count, clients):
                if rate is not None:
                    time.sleep(max(0.0, began + number / rate - time.monotonic()))
                address, raw = mail(run, number)
                wire.sendmail(address, ["care@amends.localhost"], raw)
                mine[address] = time.monotonic()
        with lock:
            accepted.update(mine)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(min(clients, count))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(accepted) != count:
        raise RuntimeError(f"Only {len(accepted)} of {count} mails were accepted.")
    return accepted


def wait_for_complaints(connection: psycopg.Connection[Any], wanted: int, seconds: float) -> None:
    """Until there are so many registered complaints."""
    end = time.monotonic() + seconds
    while True:
        row = connection.execute("SELECT count(*) FROM cases_complaint").fetchone()
        if row is not None and row[0] >= wanted:
            return
        if time.monotonic() > end:
            raise TimeoutError(f"{0 if row is None else row[0]} of {wanted} mails became complaints in {seconds} s.")
        time.sleep(0.1)


def wait_for_answers(relay: CountingRelay, accepted: dict[str, float], seconds: float) -> list[float]:
    """Until the relay has an answer for everybody; the seconds each of them waited."""
    end = time.monotonic() + seconds
    while any(address not in relay.taken for address in accepted):
        if time.monotonic() > end:
            missing = sum(address not in relay.taken for address in accepted)
            raise TimeoutError(f"{missing} of {len(accepted)} acknowledgements did not reach the relay in {seconds} s.")
        time.sleep(0.1)
    return [relay.taken[address] - moment for address, moment in accepted.items()]


def raw_loop(url: str, count: int) -> tuple[float, dict[str, int]]:
    """Write the rows of one answered complaint again and again, one transaction each; rows a second, and rows by table."""
    with psycopg.connect(url) as connection:
        rows = {table: found for table, found in rows_of_last(connection).items() if found}
        found = connection.cursor(row_factory=psycopg.rows.dict_row).execute(
            "SELECT * FROM intake_rawmail WHERE complaint_id = %s", [rows["cases_complaint"][0]["id"]]
        )
        rows["intake_rawmail"] = found.fetchall()
        connection.commit()
        began = time.monotonic()
        for _number in range(count):
            with connection.transaction():
                fresh: dict[str, int] = {}
                for table, copies in rows.items():
                    for row in copies:
                        fresh[table] = _write(connection, table, _renewed(table, row, fresh))
        return count / (time.monotonic() - began), {table: len(copies) for table, copies in rows.items()}


def _renewed(table: str, row: dict[str, Any], fresh: dict[str, int]) -> dict[str, Any]:
    """The row with what must be unique changed, pointing at the rows just written."""
    one = uuid.uuid4()
    values = {name: value for name, value in row.items() if name not in ("id", "search")}
    unique = {
        "cases_customer": {"email": f"{one}@example.org"},
        "cases_complaint": {"public_id": one, "reference": f"AM-1-{one.hex[:12]}"},
        "cases_message": {"message_id": str(one)},
        "cases_intakekey": {"key": str(one)},
        "audit_record": {"chain": str(one)},
        "procrastinate_jobs": {"queueing_lock": None, "lock": None, "status": "todo"},
    }
    values |= unique.get(table, {})
    if table == "cases_complaint":
        values["customer_id"] = fresh["cases_customer"]
    if "complaint_id" in values:
        values["complaint_id"] = fresh["cases_complaint"]
    return values


def _write(connection: psycopg.Connection[Any], table: str, values: dict[str, Any]) -> int:
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join(sql.Placeholder() for _ in values),
    )
    json_or_value = [Jsonb(one) if isinstance(one, dict) else one for one in values.values()]
    if table == "intake_rawmail":
        names = list(values)
        json_or_value[names.index("envelope_to")] = Jsonb(values["envelope_to"])
    row = connection.execute(statement, json_or_value, prepare=True).fetchone()
    assert row is not None
    return int(row[0])


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the system and take the figures."""
    relay = CountingRelay()
    relay.start()
    try:
        with system(AMENDS_RELAY_HOST="127.0.0.1", AMENDS_RELAY_PORT=str(relay.port)) as one:
            from amends.core.postgres import running

            with running(Path(one.environment["AMENDS_DATA"])) as url:
                one.environment["DATABASE_URL"] = url
                one.run("migrate")
                prepare_django(one)
                _set_up()
                one.start("mail")
                for _number in range(arguments.workers):
                    one.start("worker")
                _wait_for_port(one.smtp_port)
                wait_for_answers(relay, give(one, "warm", 20, 4, None), 120)
                return _figures(one, relay, url, arguments)
    finally:
        relay.stop()


def _figures(one: System, relay: CountingRelay, url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    with psycopg.connect(url, autocommit=True) as connection:
        began = time.monotonic()
        blast = give(one, "blast", arguments.mails, arguments.clients, None)
        accepted_seconds = time.monotonic() - began
        wait_for_complaints(connection, 20 + arguments.mails, 600)
        seconds = time.monotonic() - began
        wait_for_answers(relay, blast, 900)
        all_answered = time.monotonic() - began
        steady = give(one, "steady", int(arguments.rate * arguments.seconds), arguments.clients, arguments.rate)
        waits = wait_for_answers(relay, steady, 600)
        row = connection.execute("SELECT count(*), count(DISTINCT customer_id) FROM cases_complaint").fetchone()
    complaints = 20 + len(blast) + len(steady)
    if row != (complaints, complaints):
        raise RuntimeError(f"{complaints} mails became {row} complaints and customers: something was lost or doubled.")
    raw, rows = raw_loop(url, max(200, arguments.mails // 2))
    rate = arguments.mails / seconds
    return {
        "bench": "mail",
        "mails": arguments.mails,
        "worker_processes": arguments.workers,
        "mails_accepted_per_second": round(arguments.mails / accepted_seconds, 1),
        "mails_registered_per_second": round(rate, 1),
        "mails_registered_and_answered_per_second": round(arguments.mails / all_answered, 1),
        "steady": {
            "mails_per_second": arguments.rate,
            "seconds": arguments.seconds,
            "accepted_to_acknowledgement_at_relay_s": {
                "p50": round(quantile(waits, 0.5), 3),
                "p95": round(quantile(waits, 0.95), 3),
                "p99": round(quantile(waits, 0.99), 3),
                "max": round(max(waits), 3),
            },
        },
        "acknowledgements": len(relay.taken),
        "copies_at_relay": relay.copies,
        "raw_loop_per_second": round(raw, 1),
        "ratio_to_raw_loop": round(rate / raw, 3),
        "rows_per_complaint": rows,
    }


def _set_up() -> None:
    from amends.accounts.public import set_up_organisation

    set_up_organisation(
        name="Bench",
        timezone="Europe/London",
        country="GB",
        language="en",
        email="ada@example.org",
        person="Ada",
        password="correct horse battery",
    )


def _wait_for_port(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=environment.read({}).worker_processes)
    print_figures(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
