"""`amends import`: complaints of the past from a file, with progress; stopped anywhere, it goes on there."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from amends.cli import environment

SUMMARY = "import complaints of the past from a file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, its format and where its complaints belong."""
    parser.add_argument("file", type=Path, help="the file to import")
    parser.add_argument("--format", choices=("cfpb", "csv", "jsonl"), required=True, help="what kind of file it is")
    parser.add_argument("--mapping", type=Path, help="a mapping file for CSV, or the name of a built-in one: cfpb, fcc")
    parser.add_argument(
        "--unit", default="", help="the key of the unit its complaints belong to; empty is the organisation"
    )
    parser.add_argument("--errors", type=Path, help="where refused rows go; default: the file's name with .errors.csv")


def main(arguments: argparse.Namespace) -> int:
    """Import the file; exit 0 when every row is in or known, 3 when some were refused (they are in the error file)."""
    with environment.django_ready():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        from amends.accounts.public import SYSTEM, root_unit, unit_by_key
        from amends.core import clock
        from amends.core.errors import AmendsError
        from amends.intake.channels.imports.run import ImportOrder, run_import

        errors = arguments.errors or arguments.file.with_name(arguments.file.name + ".errors.csv")
        began, started = time.monotonic(), clock.now()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        try:
            unit = unit_by_key(arguments.unit) if arguments.unit else root_unit()
            with Progress(*columns, console=Console(file=sys.stderr)) as bar:
                task = bar.add_task("Rows", total=_rows_at_most(arguments.file))
                order = ImportOrder(arguments.file, arguments.format, unit, arguments.mapping, errors)
                run = run_import(actor=SYSTEM, order=order, progress=lambda rows, _: bar.update(task, completed=rows))
                bar.update(task, completed=run.rows, total=run.rows)
        except AmendsError as error:
            print(error.message, file=sys.stderr)
            return 2
    if run.finished_at is not None and run.finished_at < started:
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


def _rows_at_most(path: Path) -> int:
    """The number of lines, for the progress bar: rows with line breaks inside make it a little too high."""
    if not path.is_file():
        return 0
    with path.open("rb") as file:
        return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))
