"""Server time of the queue page and the case page with 100,000 complaints, and their number of queries.

    python -m bench.pages [--complaints 100000]

The complaints are imported, one in seven of them still open with running clocks; the measured case has 40 messages. Each page
is asked for 200 times by a signed-in team lead through the whole of Django, in this process, on a PostgreSQL of its own. The
raw baseline is the same page's rows read by one plain SQL statement over psycopg, without any page around them.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bench.system import System, prepare_django, print_figures, quantile, system

WORDS = [
    "speaker",
    "stopped",
    "update",
    "battery",
    "refund",
    "delivery",
    "late",
    "shop",
    "rude",
    "invoice",
    "twice",
    "headphones",
    "broken",
    "campaign",
    "discount",
    "nobody",
    "answered",
    "waited",
    "weeks",
    "order",
    "screen",
    "cracked",
    "charger",
    "hot",
    "warranty",
    "repair",
    "phone",
    "call",
    "queue",
    "money",
    "back",
]


def write_file(path: Path, complaints: int) -> None:
    """An import file: texts of plausible words, receipt over two years, one in seven still open."""
    now = datetime.now(tz=UTC)  # noqa: TID251
    with path.open("w", encoding="utf-8") as file:
        for number in range(complaints):
            words = [WORDS[(number * 7 + step * step) % len(WORDS)] for step in range(40)]
            still_open = number % 7 == 0
            age = (
                timedelta(minutes=(number * 37) % (14 * 1440))
                if still_open
                else timedelta(minutes=(number * 10) % (730 * 1440))
            )
            body: dict[str, Any] = {
                "id": number,
                "subject": " ".join(words[:6]).capitalize(),
                "text": " ".join(words),
                "complainant": {
                    "name": f"Customer {number}",
                    "email": f"customer{number % (complaints // 2)}@example.org",
                    "language": "en",
                },
                "received_at": (now - age).isoformat(),
                "phase": "investigating" if still_open else "closed",
            }
            if not still_open:
                body |= {"outcome": "upheld", "outcome_reason": "Put right."}
            file.write(json.dumps(body) + "\n")


def measure(ask: Callable[[], Any], times: int) -> dict[str, float]:
    """Milliseconds of many calls, after ten to warm up."""
    for _ in range(10):
        ask()
    taken, computed = [], []
    for _ in range(times):
        began, computing = time.perf_counter(), time.process_time()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
        computed.append((time.process_time() - computing) * 1000)
    return {
        "p50_ms": round(quantile(taken, 0.5), 2),
        "p95_ms": round(quantile(taken, 0.95), 2),
        "processor_p50_ms": round(quantile(computed, 0.5), 2),
    }


def pages(times: int) -> dict[str, Any]:
    """The figures of every page."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from amends.accounts.public import User
    from amends.cases.public import Complaint

    logging.disable(logging.CRITICAL)
    lead = User.objects.get()
    client = Client(SERVER_NAME="localhost")
    client.force_login(lead)
    case = _long_case(Complaint.objects.filter(phase="investigating").order_by("id")[500], lead)
    figures: dict[str, Any] = {}
    for name, path in {
        "queue": "/queue/all/",
        "queue_search": "/search/?q=refund+battery",
        "case": f"/cases/{case.reference}/",
    }.items():
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        count = len(queries)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}.")
        figures[name] = {
            **measure(lambda path=path: client.get(path), times),
            "queries": count,
            "kilobytes": len(answer.content) // 1024,
        }
    return figures


def _long_case(complaint: Any, lead: Any) -> Any:
    """Give a case 40 messages, as a long conversation has."""
    from amends.accounts.public import SYSTEM, actor_for_user
    from amends.cases.public import add_note, receive_message

    for number in range(20):
        receive_message(
            actor=SYSTEM,
            complaint_id=complaint.pk,
            channel="email",
            text=f"Message {number}. " + " ".join(WORDS),
            from_address="c@example.org",
        )
        add_note(actor=actor_for_user(lead), complaint_id=complaint.pk, text=f"Note {number}. " + " ".join(WORDS))
    return complaint


def raw_list(url: str, times: int) -> dict[str, float]:
    """The rows of a queue page by one statement over psycopg."""
    statement = """
        SELECT c.reference, c.phase, c.subject, c.severity, c.next_due_at, u.name, k.name
        FROM cases_complaint c JOIN accounts_unit u ON u.id = c.unit_id JOIN cases_customer k ON k.id = c.customer_id
        WHERE c.phase IN ('received', 'registered', 'acknowledged', 'investigating', 'proposed', 'agreed', 'carrying_out')
        ORDER BY c.next_due_at NULLS LAST, c.id LIMIT 51
    """
    with psycopg.connect(url, autocommit=True) as connection:
        return measure(lambda: connection.execute(statement).fetchall(), times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=200)
    arguments = parser.parse_args()
    with system() as one:
        from amends.core.postgres import running

        with running(one.data) as url:
            one.environment["DATABASE_URL"] = url
            one.run("migrate")
            prepare_django(one)
            _fill(one, arguments.complaints)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
            figures = pages(arguments.times)
            raw = raw_list(url, arguments.times)
            from amends.cli.environment import close_connections

            close_connections()
    print_figures(
        {
            "bench": "pages",
            "complaints": arguments.complaints,
            **figures,
            "raw_list": raw,
            "ratio_queue_to_raw_list": round(figures["queue"]["p50_ms"] / raw["p50_ms"], 1),
        }
    )


def _fill(one: System, complaints: int) -> None:
    from amends.accounts.public import Team, set_up_organisation
    from amends.cases.public import Complaint

    set_up_organisation(
        name="Bench",
        timezone="Europe/London",
        country="GB",
        language="en",
        email="ada@example.org",
        person="Ada",
        password="correct horse battery",
    )
    path = one.data / "import.jsonl"
    write_file(path, complaints)
    one.run("import", str(path), "--format", "jsonl")
    Complaint.objects.filter(phase="investigating").update(
        team=Team.objects.get(), language="en", category="goods_quality"
    )


if __name__ == "__main__":
    main()
