"""Figures for Prometheus.

Requests are counted by each web process in files of the folder PROMETHEUS_MULTIPROC_DIR (set by the commands before
anything is imported), so that any process can answer for all. Everything about work in hand is read from the database
when it is asked for: it is true whatever was restarted. Domains add such readings with `reading()`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import connection
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

_local = CollectorRegistry()
_requests = Counter("amends_requests", "Requests answered.", ["method", "route", "status"], registry=_local)
_durations = Histogram(
    "amends_request_seconds", "Seconds until the answer began.", ["route"], buckets=SECONDS, registry=_local
)

Labelled = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Reading:
    """One gauge read from the database.

    Attributes:
        name: begins with `amends_` and ends with its unit.
        help: one sentence.
        labels: names of the labels; no label may carry personal data.
        read: returns the values, each under its labels' values. A constant number of cheap queries.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[], Labelled]


_readings: dict[str, Reading] = {}


def reading(name: str, help_text: str, labels: Iterable[str] = ()) -> Callable[[Callable[[], Labelled]], Reading]:
    """Register the decorated function as the gauge `name`.

    Raises:
        ValueError: the name is taken.
    """

    def register(read: Callable[[], Labelled]) -> Reading:
        if name in _readings:
            raise ValueError(f"The metric {name!r} is taken.")
        made = Reading(name, help_text, tuple(labels), read)
        _readings[name] = made
        return made

    return register


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. `route` is a pattern of ours, never a path."""
    _requests.labels(method, route, str(status)).inc()
    _durations.labels(route).observe(seconds)


class _FromDatabase(Collector):
    def collect(self) -> Iterator[GaugeMetricFamily]:
        for one in _readings.values():
            family = GaugeMetricFamily(one.name, one.help, labels=one.labels)
            for values, number in one.read().items():
                family.add_metric(values, number)
            yield family


def exposition() -> bytes:
    """All figures in Prometheus' text format. Reads the database."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        requests = CollectorRegistry()
        multiprocess.MultiProcessCollector(requests)  # type: ignore[no-untyped-call]  # untyped upstream
    else:
        requests = _local
    work = CollectorRegistry()
    work.register(_FromDatabase())
    return generate_latest(requests) + generate_latest(work)


def _rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


@reading("amends_jobs_total", "Jobs in the database by queue and status.", ("queue", "status"))
def jobs() -> Labelled:
    """Jobs that wait or run, by queue and state."""
    rows = _rows(
        "SELECT queue_name, status::text, count(*) FROM procrastinate_jobs "
        "WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2"
    )
    return {(str(queue), str(status)): float(str(count)) for queue, status, count in rows}


@reading("amends_oldest_job_seconds", "How long the oldest job that is due has waited.", ("queue",))
def oldest_job() -> Labelled:
    """How long the oldest waiting job has waited, in seconds, by queue."""
    rows = _rows(
        "SELECT job.queue_name, extract(epoch FROM now() - min(greatest(job.scheduled_at, event.at))) "
        "FROM procrastinate_jobs job JOIN procrastinate_events event ON event.job_id = job.id "
        "AND event.type = 'deferred' WHERE job.status = 'todo' "
        "AND coalesce(job.scheduled_at, now()) <= now() GROUP BY 1"
    )
    return {(str(queue),): float(str(seconds)) for queue, seconds in rows}


@reading("amends_worker_heartbeat_age_seconds", "Seconds since any worker last said that it lives; none: no worker.")
def _heartbeat() -> Labelled:
    age = worker_heartbeat_age()
    return {} if age is None else {(): age}


@reading("amends_database_bytes", "Size of the database.")
def _database_size() -> Labelled:
    return {(): float(str(_rows("SELECT pg_database_size(current_database())")[0][0]))}


def worker_heartbeat_age() -> float | None:
    """Seconds since the liveliest worker said that it lives, None when there is no worker."""
    seconds = _rows("SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers")[0][0]
    return None if seconds is None else float(str(seconds))
