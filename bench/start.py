"""Seconds from `amends run` to the first page, and the memory of all its processes.

    python -m bench.start

The first start makes everything, demo company included; the second is what somebody waits for in the morning. Memory is
the sum of the proportional set sizes (PSS: shared pages counted once) of every process of the tree after the page was
opened, from /proc. The raw baseline is the time Python needs to import Django's ASGI application alone.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.system import System, print_figures, system


def tree_of(process_id: int) -> list[int]:
    """The process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [process_id]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def postgres_of(data: Path) -> list[int]:
    """The embedded server and its processes: it is a daemon, not a child."""
    pid_file = data / "postgres" / "postmaster.pid"
    return tree_of(int(pid_file.read_text().split()[0])) if pid_file.exists() else []


def megabytes(process_ids: list[int]) -> dict[str, float]:
    """PSS by kind of process, in MB."""
    sums: dict[str, float] = {}
    for one in set(process_ids):
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            command = Path(f"/proc/{one}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        pss = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
        kind = next(
            (name for name in ("postgres", " web", " worker", " mail", " run") if name in command), "other"
        ).strip()
        sums[kind] = sums.get(kind, 0) + pss
    return {kind: round(value, 1) for kind, value in sorted(sums.items())}


def start(one: System) -> tuple[float, dict[str, float]]:
    """Seconds to the first page of one start, and the memory after some pages were opened."""
    began = time.monotonic()
    process = one.start("run")
    one.wait_for_page("/sign-in/", 600)
    seconds = time.monotonic() - began
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", one.port)
        connection.request("GET", "/sign-in/")
        connection.getresponse().read()
    time.sleep(5)
    memory = megabytes(tree_of(process.pid) + postgres_of(one.data))
    process.terminate()
    process.wait(60)
    return seconds, memory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", default="1", choices=("0", "1"))
    arguments = parser.parse_args()
    with system(DEMO=arguments.demo) as one:
        first, _ = start(one)
        second, memory = start(one)
        environment = {**one.environment, "AMENDS_BUILD": "1"}
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-c", "import django.core.asgi, django.contrib.auth"],
            env={**os.environ, **environment},
            check=True,
        )
        raw = time.monotonic() - began
    print_figures(
        {
            "bench": "start",
            "first_start_s": round(first, 2),
            "second_start_to_first_page_s": round(second, 2),
            "memory_mb": memory,
            "memory_sum_mb": round(sum(memory.values()), 1),
            "raw_import_of_django_s": round(raw, 2),
            "ratio_to_raw": round(second / raw, 1),
        }
    )


if __name__ == "__main__":
    main()
