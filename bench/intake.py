"""Complaints per second through the API, beside a raw loop that writes the same rows; and per second of an import.

    python -m bench.intake [--complaints 2000]

Every complaint is durably committed with its clocks, record rows and jobs (fsync on) before it is answered. The raw loop
writes copies of the rows that one API complaint made, in one transaction each, over one psycopg connection, with prepared
statements and nothing else.
"""

from __future__ import annotations

import argparse
import http.client
import json
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.system import System, prepare_django, print_figures, quantile, system

WORDS = (
    "My speaker stopped working after the update. I have waited nine days, nobody answered, and I want my money back."
)


def post_all(one: System, token: str, complaints: int, clients: int) -> tuple[float, list[float]]:
    """Send complaints from several clients over kept connections; the seconds in all, and each answer's."""
    answers: list[float] = []
    lock = threading.Lock()

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=60)
        mine = []
        for count in range(number, complaints, clients):
            body = json.dumps(
                {
                    "channel": "api",
                    "complainant": {"name": f"Customer {count}", "email": f"customer{count}@example.org"},
                    "subject": f"Speaker {count} stopped",
                    "text": f"{WORDS} Order {count}.",
                    "attributes": {"software_version": "2.4.0", "order": str(count)},
                }
            )
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"bench-{count}",
            }
            began = time.monotonic()
            connection.request("POST", "/api/v1/complaints", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise RuntimeError(f"The API answered {answer.status}.")
            mine.append(time.monotonic() - began)
        with lock:
            answers.extend(mine)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    if len(answers) != complaints:
        raise RuntimeError(f"Only {len(answers)} of {complaints} complaints were answered.")
    return seconds, answers


TABLES = (
    "cases_customer",
    "cases_complaint",
    "cases_message",
    "cases_intakekey",
    "audit_record",
    "clocks_clock",
    "procrastinate_jobs",
)


def rows_of_last(connection: psycopg.Connection[Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows that the newest API complaint made, by table."""
    cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
    (complaint,) = cursor.execute("SELECT * FROM cases_complaint ORDER BY id DESC LIMIT 1").fetchall()
    key = complaint["id"]
    queries: dict[str, tuple[str, Any]] = {
        "cases_customer": ("SELECT * FROM cases_customer WHERE id = %s", complaint["customer_id"]),
        "cases_complaint": ("SELECT * FROM cases_complaint WHERE id = %s", key),
        "cases_message": ("SELECT * FROM cases_message WHERE complaint_id = %s", key),
        "cases_intakekey": ("SELECT * FROM cases_intakekey WHERE complaint_id = %s", key),
        "audit_record": ("SELECT * FROM audit_record WHERE chain = %s", f"complaint:{key}"),
        "clocks_clock": ("SELECT * FROM clocks_clock WHERE complaint_id = %s", key),
        "procrastinate_jobs": ("SELECT * FROM procrastinate_jobs WHERE (args->>'complaint_id')::bigint = %s", key),
    }
    return {table: cursor.execute(query, [value]).fetchall() for table, (query, value) in queries.items()}


def raw_loop(url: str, complaints: int) -> tuple[float, dict[str, int]]:
    """Write the same rows again and again, one transaction a complaint; the seconds, and the rows of each table."""
    with psycopg.connect(url) as connection:
        rows = rows_of_last(connection)
        generated = {"search"}
        for number in range(complaints):
            fresh: dict[str, Any] = {}
            with connection.transaction():
                for table in TABLES:
                    for row in rows[table]:
                        values = {name: value for name, value in row.items() if name != "id" and name not in generated}
                        _make_unique(table, values, number, fresh)
                        if number == 0:
                            row["__statement"] = _insert(table, list(values))
                        new_id = connection.execute(
                            row["__statement"],
                            [_adapted(value) for name, value in values.items() if name != "__statement"],
                            prepare=True,
                        ).fetchone()
                        assert new_id is not None
                        fresh[table] = new_id[0]
            if number == 0:
                began = time.monotonic()
        seconds = time.monotonic() - began
    return seconds, {table: len(found) for table, found in rows.items()}


def _insert(table: str, names: list[str]) -> sql.Composed:
    names = [name for name in names if name != "__statement"]
    return sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() for _ in names),
    )


def _adapted(value: Any) -> Any:
    return psycopg.types.json.Jsonb(value) if isinstance(value, dict) else value


def _make_unique(table: str, values: dict[str, Any], number: int, fresh: dict[str, Any]) -> None:
    """Change what must be unique, and point at the rows just written."""
    import uuid

    if table == "cases_customer":
        values["email"] = f"raw{number}@example.org"
    elif table == "cases_complaint":
        values.update(public_id=uuid.uuid4(), reference=f"AM-1999-{number:06d}", customer_id=fresh["cases_customer"])
    elif table == "cases_intakekey":
        values["key"] = f"raw-{number}"
    elif table == "audit_record":
        values["chain"] = f"complaint:raw-{number}"
    if "complaint_id" in values:
        values["complaint_id"] = fresh["cases_complaint"]
    if table == "procrastinate_jobs":
        values.update(queueing_lock=None, lock=None, status="todo")


def measure_import(one: System, rows: int) -> float:
    """Rows per second of `amends import` for a file of this many rows."""
    path = one.data / "import.jsonl"
    with path.open("w") as file:
        for number in range(rows):
            body = {"id": number, "subject": f"Old complaint {number}", "text": WORDS, "phase": "closed", "outcome": "upheld",
                    "outcome_reason": "Refunded.", "complainant": {"name": f"Old {number}", "email": f"old{number}@example.org"},
                    "received_at": "2025-03-02T10:00:00Z"}  # fmt: skip
            file.write(json.dumps(body) + "\n")
    began = time.monotonic()
    one.run("import", str(path), "--format", "jsonl")
    return rows / (time.monotonic() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--imported", type=int, default=20_000)
    arguments = parser.parse_args()
    with system() as one:
        from amends.core.postgres import running

        with running(Path(one.environment["AMENDS_DATA"])) as url:
            one.environment["DATABASE_URL"] = url
            one.run("migrate")
            prepare_django(one)
            token = _set_up()
            _start_web(one)
            one.wait_for_page()
            post_all(one, token, 100, arguments.clients)
            with psycopg.connect(url) as connection:
                connection.execute("DELETE FROM cases_intakekey")
            seconds, answers = post_all(one, token, arguments.complaints, arguments.clients)
            raw_seconds, rows = raw_loop(url, arguments.complaints)
            imported = measure_import(one, arguments.imported)
    rate, raw = arguments.complaints / seconds, (arguments.complaints - 1) / raw_seconds
    print_figures(
        {
            "bench": "intake",
            "complaints": arguments.complaints,
            "clients": arguments.clients,
            "web_processes": 2,
            "complaints_per_second": round(rate, 1),
            "answer_ms": {
                "p50": round(quantile(answers, 0.5) * 1000, 1),
                "p95": round(quantile(answers, 0.95) * 1000, 1),
            },
            "raw_loop_per_second": round(raw, 1),
            "ratio_to_raw_loop": round(rate / raw, 3),
            "rows_per_complaint": rows,
            "imported_per_second": round(imported, 1),
        }
    )


def _set_up() -> str:
    from amends.accounts.public import SYSTEM, create_token, set_up_organisation

    set_up_organisation(
        name="Bench",
        timezone="Europe/London",
        country="GB",
        language="en",
        email="ada@example.org",
        person="Ada",
        password="correct horse battery",
    )
    return create_token(actor=SYSTEM, name="bench", scopes=["intake", "read"])


def _start_web(one: System) -> None:
    """Two web processes on one listening socket, as `amends run` starts them."""
    import os
    import subprocess
    import sys

    from amends.cli.web import SOCKET_VARIABLE, listen

    listener = listen("127.0.0.1", one.port)
    os.set_inheritable(listener.fileno(), True)
    for number in range(2):
        log = (one.data / f"web{number}.log").open("wb")
        one.processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "amends.cli.main", "web"],
                env={**one.environment, SOCKET_VARIABLE: str(listener.fileno())},
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=log,
            )
        )
        log.close()


if __name__ == "__main__":
    main()
