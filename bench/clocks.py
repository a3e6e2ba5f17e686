"""How late a clock's end is noticed, with 100,000 running clocks and real workers; and how fast a backlog is taken up.

    python -m bench.clocks [--clocks 100000] [--due 3000] [--seconds 60] [--workers 2]

Lateness: `due` clocks come due evenly over `seconds`, each at its own moment, while workers run as in production. `noticed`
is the time from a clock's end to the moment at which its breach was noted, `told` the time to the moment at which it was
in the record and its alerts and escalations were decided. Midnight: as many clocks end in the same second, as deadlines in
days do. Backlog: as many that came due while no worker ran are taken up by one sweep after the other in this process. The
raw baseline marks the same number of rows one by one with UPDATE … RETURNING over psycopg, each committed, and does nothing
else. `told_twice` counts clocks with more than one breach in the record, `untold` those without any; both have to be 0.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bench.pages import write_file
from bench.system import System, prepare_django, print_figures, quantile, system

PER_COMPLAINT = 10
COPY = """
    INSERT INTO clocks_clock (complaint_id, pack, pack_version, kind, part, cycle, event, zone, titles, whys, source, certainty,
        missed, ends, stops, started_at, due_at, warnings, alarm_at, stopped_by)
    SELECT c.complaint_id, 'bench', c.pack_version, c.kind, number::text, 1, c.event, c.zone, c.titles, c.whys, c.source,
        c.certainty, 'breach', c.ends, c.stops, now() - interval '30 days', now() + interval '90 days', '{}', now() + interval '90 days', ''
    FROM (SELECT DISTINCT ON (complaint_id) * FROM clocks_clock WHERE kind = 'final_response' ORDER BY complaint_id, id) c
        CROSS JOIN generate_series(1, %s) AS number
"""
SET_DUE = """
    UPDATE clocks_clock SET due_at = %(begins)s + chosen.place * %(step)s, alarm_at = %(begins)s + chosen.place * %(step)s
    FROM (SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS place FROM clocks_clock
          WHERE pack = 'bench' AND stopped_at IS NULL AND breached_at IS NULL ORDER BY md5(id::text) LIMIT %(count)s) AS chosen
    WHERE clocks_clock.id = chosen.id
    RETURNING clocks_clock.id
"""


NOTICED = "SELECT extract(epoch FROM breached_at - due_at)::float8 FROM clocks_clock WHERE id = ANY(%s)"
TOLD = """
    SELECT extract(epoch FROM min(r.at) - min(c.due_at))::float8, count(*) FROM clocks_clock c JOIN audit_record r
        ON r.kind = 'clock_breached' AND r.chain = 'complaint:' || c.complaint_id AND (r.data->>'clock')::bigint = c.id
    WHERE c.id = ANY(%s) GROUP BY c.id
"""


def fill(one: System, clocks: int) -> None:
    """An organisation with open complaints that have so many running clocks together."""
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
    path = one.data / "import.jsonl"
    write_file(path, clocks // PER_COMPLAINT * 7)  # one in seven of them is open
    one.run("import", str(path), "--format", "jsonl")


def set_due(connection: psycopg.Connection[Any], *, count: int, begins: datetime, seconds: float) -> list[int]:
    """Let so many clocks come due evenly from `begins` on; their ids."""
    values = {"begins": begins, "step": timedelta(seconds=seconds / count), "count": count}
    return [row[0] for row in connection.execute(SET_DUE, values).fetchall()]


def lateness(
    one: System, connection: psycopg.Connection[Any], count: int, seconds: float, workers: int
) -> dict[str, Any]:
    """Seconds from the end of each clock to its breach being noted, and told, with real workers."""
    running = [one.start("worker") for _ in range(workers)]
    time.sleep(5)  # they are there and idle
    ids = set_due(connection, count=count, begins=datetime.now(tz=UTC) + timedelta(seconds=3), seconds=seconds)  # noqa: TID251
    limit = time.monotonic() + seconds + 240
    while time.monotonic() < limit:
        time.sleep(1)
        left = connection.execute(
            "SELECT count(*) FROM clocks_clock WHERE id = ANY(%s) AND (breached_at IS NULL OR to_announce)", (ids,)
        ).fetchone()
        if left == (0,):
            break
    for worker in running:
        worker.terminate()
    for worker in running:
        worker.wait(120)
    noticed = [row[0] for row in connection.execute(NOTICED, (ids,)).fetchall() if row[0] is not None]
    told = connection.execute(TOLD, (ids,)).fetchall()
    if len(noticed) != count:
        raise RuntimeError(f"Only {len(noticed)} of {count} clocks were noticed.")
    return {
        "noticed": _spread(noticed),
        "told": _spread([row[0] for row in told]),
        "untold": count - len(told),
        "told_twice": sum(row[1] > 1 for row in told),
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    return {
        "p50_seconds": round(quantile(seconds, 0.5), 2),
        "p99_seconds": round(quantile(seconds, 0.99), 2),
        "worst_seconds": round(max(seconds), 2),
    }


def backlog(connection: psycopg.Connection[Any], count: int) -> float:
    """Clocks a second that one process takes up after a standstill."""
    from amends.clocks.public import sweep

    set_due(connection, count=count, begins=datetime.now(tz=UTC) - timedelta(hours=1), seconds=600)  # noqa: TID251
    began, done = time.monotonic(), 0
    while swept := sweep().breached:
        done += swept
    if done != count:
        raise RuntimeError(f"{done} of {count} clocks were taken up.")
    return count / (time.monotonic() - began)


def raw(url: str, count: int) -> float:
    """Clocks a second that a plain loop marks, one committed statement each."""
    with psycopg.connect(url, autocommit=True) as connection:
        ids = set_due(connection, count=count, begins=datetime.now(tz=UTC) - timedelta(hours=1), seconds=600)  # noqa: TID251
        began = time.monotonic()
        for one in ids:
            connection.execute(
                "UPDATE clocks_clock SET breached_at = now(), alarm_at = NULL WHERE id = %s AND breached_at IS NULL RETURNING id",
                (one,),
            ).fetchone()
        return count / (time.monotonic() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clocks", type=int, default=100_000)
    parser.add_argument("--due", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with system() as one:
        from amends.core.postgres import running

        with running(one.data) as url:
            one.environment["DATABASE_URL"] = url
            one.run("migrate")
            prepare_django(one)
            fill(one, arguments.clocks)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(COPY, (PER_COMPLAINT,))
                connection.execute("VACUUM ANALYZE")
                counted = connection.execute("SELECT count(*) FROM clocks_clock WHERE alarm_at IS NOT NULL").fetchone()
                late = lateness(one, connection, arguments.due, arguments.seconds, arguments.workers)
                midnight = lateness(one, connection, arguments.due, 0.5, arguments.workers)
                taken_up = backlog(connection, arguments.due)
            plain = raw(url, arguments.due)
            from amends.cli.environment import close_connections

            close_connections()
    print_figures(
        {
            "bench": "clocks",
            "running_clocks": counted[0] if counted else 0,
            "due": arguments.due,
            "over_seconds": arguments.seconds,
            "workers": arguments.workers,
            "lateness": late,
            "midnight": midnight,
            "backlog_per_second": round(taken_up),
            "raw_per_second": round(plain),
            "ratio_backlog_to_raw": round(taken_up / plain, 2),
        }
    )


if __name__ == "__main__":
    main()
