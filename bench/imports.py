"""Complaints of the past per second through the import, beside a raw COPY of the same rows in the same run.

    python -m bench.imports [--rows 20000] [--messages 3]

Each row is a closed ticket with its messages (JSON Lines). The import checks, hashes and records every one; the raw loop
copies the rows it made (customers, complaints, messages, keys, record) into empty copies of the tables that have the same
indexes, in batches of the same size, with one psycopg connection and nothing else.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.intake import WORDS
from bench.system import System, prepare_django, print_figures, system

BATCH = 1000
TABLES = ("cases_customer", "cases_complaint", "cases_message", "cases_intakekey", "audit_record")


def write_file(path: Path, rows: int, messages: int) -> None:
    """A file of closed complaints; with `messages` of 0 without a history."""
    with path.open("w") as file:
        for number in range(rows):
            body: dict[str, Any] = {
                "id": f"{messages}-{number}",
                "subject": f"Old complaint {number}",
                "text": WORDS,
                "phase": "closed",
                "outcome": "upheld",
                "outcome_reason": "Refunded.",
                "complainant": {"name": f"Old {number}", "email": f"old{number}@example.org"},
                "received_at": "2025-03-02T10:00:00Z",
            }
            if messages:
                body["messages"] = [
                    {
                        "direction": ("in", "out", "internal")[count % 3],
                        "at": f"2025-03-02T{10 + count % 12}:00:00Z",
                        "author": f"Old {number}",
                        "text": f"{count}. {WORDS}",
                    }
                    for count in range(messages)
                ]
            file.write(json.dumps(body) + "\n")


def measure(one: System, rows: int, messages: int) -> float:
    """Rows per second of `amends import` by the seconds it prints: from opening the file to the last commit."""
    path = one.data / f"import-{messages}.jsonl"
    write_file(path, rows, messages)
    said = one.run("import", str(path), "--format", "jsonl")
    path.unlink()
    found = re.search(rf"^{rows} rows: {rows} imported.*\(([\d.]+) s\)", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"The import said: {said}")
    return rows / float(found[1])


def raw_copy(url: str) -> tuple[float, dict[str, int]]:
    """Seconds to copy all rows into tables with the same indexes, and how many rows of each."""
    with psycopg.connect(url, autocommit=True) as connection:
        parts: list[tuple[str, str, list[bytes]]] = []
        counts: dict[str, int] = {}
        for table in TABLES:
            connection.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)".encode())
            columns = ", ".join(
                name
                for (name,) in connection.execute(
                    "SELECT quote_ident(column_name) FROM information_schema.columns WHERE table_name = %s "
                    "AND is_generated = 'NEVER' ORDER BY ordinal_position",
                    [table],
                )
            )
            with connection.cursor().copy(f"COPY {table} ({columns}) TO STDOUT".encode()) as copy:
                lines = [bytes(line) for line in copy]
            counts[table] = len(lines)
            parts.append((table, columns, lines))
        batches = -(-counts["cases_complaint"] // BATCH)
        began = time.monotonic()
        for number in range(batches):
            with connection.transaction():
                for table, columns, lines in parts:
                    size = -(-len(lines) // batches)
                    with connection.cursor().copy(f"COPY raw_{table} ({columns}) FROM STDIN".encode()) as copy:
                        copy.write(b"".join(lines[number * size : (number + 1) * size]))
        return time.monotonic() - began, counts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--messages", type=int, default=3)
    arguments = parser.parse_args()
    with system() as one:
        from amends.core.postgres import running

        with running(Path(one.environment["AMENDS_DATA"])) as url:
            one.environment["DATABASE_URL"] = url
            one.run("migrate")
            prepare_django(one)
            from bench.intake import _set_up

            _set_up()
            with_history = measure(one, arguments.rows, arguments.messages)
            raw_seconds, counts = raw_copy(url)
            raw = counts["cases_complaint"] / raw_seconds
            plain = measure(one, arguments.rows, 0)
    print_figures(
        {
            "bench": "imports",
            "rows": arguments.rows,
            "messages_per_row": arguments.messages,
            "rows_per_second_with_history": round(with_history, 1),
            "messages_per_second": round(with_history * arguments.messages, 1),
            "rows_per_second_without_history": round(plain, 1),
            "raw_copy_rows_per_second": round(raw, 1),
            "ratio_to_raw_copy": round(with_history / raw, 3),
            "stored": counts,
        }
    )


if __name__ == "__main__":
    main()
