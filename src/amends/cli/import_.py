"""`amends import`: complaints of the past from a file, with progress; stopped anywhere, it goes on there."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from amends.cli import environment

if TYPE_CHECKING:
    from amends.intake.channels.imports.models import ImportRun
    from amends.intake.channels.imports.run import ImportOrder

SUMMARY = "import complaints of the past from a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, its format and where its complaints belong."""
    parser.add_argument("file", type=Path, help="the file to import")
    parser.add_argument(
        "--format",
        choices=("cfpb", "csv", "freshdesk", "jsonl", "xlsx", "zammad", "zendesk"),
        required=True,
        help="what kind of file it is",
    )
    parser.add_argument(
        "--mapping", type=Path, help="a mapping file, or the name of one that comes with Amends (cfpb, fcc, zendesk …)"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="read the whole file, say what would happen, store nothing"
    )
    parser.add_argument(
        "--unit", default="", help="the key of the unit its complaints belong to; empty is the organisation"
    )
    parser.add_argument("--errors", type=Path, help="where refused rows go; default: the file's name with .errors.csv")


def main(arguments: argparse.Namespace) -> int:
    """Import the file; exit 0 when every row is in or known, 3 when some were refused (they are in the error file)."""
    with environment.django_ready():
        from amends.accounts.public import root_unit, unit_by_key
        from amends.core import clock
        from amends.core.errors import AmendsError
        from amends.intake.channels.imports.run import ImportOrder

        errors = arguments.errors or arguments.file.with_name(arguments.file.name + ".errors.csv")
        began, started = time.monotonic(), clock.now()
        try:
            unit = unit_by_key(arguments.unit) if arguments.unit else root_unit()
            order = ImportOrder(arguments.file, arguments.format, unit, arguments.mapping, errors)
            if arguments.dry_run:
                return _try(order)
            run = _import(order)
        except AmendsError as error:
            print(error.message, file=sys.stderr)
            return 2
    if run.finished_at is None:
        print("Somebody stopped this import on the page of imports; it can go on there or with the same command.")
        return 3
    if run.finished_at < started:
        print(
            f"This file was imported before, on {run.finished_at:%d %b %Y at %H:%M} UTC; nothing is done again. Then:"
        )
    seconds = time.monotonic() - began
    print(
        f"{run.rows} rows: {run.created} imported, {run.known} known already, {run.refused} refused ({seconds:.1f} s)."
    )
    if run.refused:
        print(f"The refused rows, each with its line and reason: {errors}")
        return 3
    return 0


def _import(order: ImportOrder) -> ImportRun:
    """Import with a progress bar."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from amends.accounts.public import SYSTEM
    from amends.intake.channels.imports.run import run_import

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("Rows", total=_rows_at_most(order.path))

        def show(run: ImportRun) -> None:
            bar.update(task, completed=run.rows)

        run = run_import(actor=SYSTEM, order=order, progress=show)
        bar.update(task, completed=run.rows, total=run.rows)
    return run


def _try(order: ImportOrder) -> int:
    """A dry run: the first refused rows are printed, all are counted."""
    from amends.accounts.public import SYSTEM
    from amends.intake.channels.imports.run import dry_run

    created, known, count, refused = dry_run(actor=SYSTEM, order=order)
    for one in refused[:50]:
        print(f"{order.path.name}, line {one.line.number}: {one.reason}")
    if count > 50:
        print(f"… and {count - 50} more.")
    print(
        f"Nothing was stored. Of {created + known + count} rows {created} would be imported, "
        f"{known} are known already, {count} would be refused."
    )
    return 3 if count else 0


def _rows_at_most(path: Path) -> int:
    """The number of lines, for the progress bar: rows with line breaks inside make it a little too high."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
