"""One import: batches, progress, an error file, and going on where it stopped."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.db import connection, transaction

from amends.accounts.public import Actor, Unit
from amends.cases.public import PastComplaint, register_many
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict
from amends.intake.channels.imports.mapping import ImportMapping, built_in, load_mapping, native
from amends.intake.channels.imports.models import ImportRun
from amends.intake.channels.imports.reading import Line, csv_columns, csv_lines, encoding_of, json_lines
from amends.intake.channels.imports.rows import from_object, from_row

BATCH = 1000
FORMATS = ("cfpb", "csv", "jsonl")
Progress = Callable[[int, int], None]
"""Called with the rows done and the bytes' share in thousandths, after each batch."""


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What to import.

    Attributes:
        errors: where refused rows go, with line and reason; made only when there are any.
    """

    path: Path
    format: str
    unit: Unit
    mapping: Path | None
    errors: Path


Converter = Callable[[Line], PastComplaint]


def run_import(*, actor: Actor, order: ImportOrder, progress: Progress | None = None) -> ImportRun:
    """Import a file. Each batch is one transaction that also notes how far it came: stopped anywhere, it goes on there.

    Raises:
        BadInput: the file, its format or its mapping cannot be used; nothing is stored.
        Conflict: the same file is being imported at this moment.
    """
    lines, convert, name = _open(order)
    run = _run_for(order, name)
    with _exclusive(run):
        run.refresh_from_db()
        if run.finished_at is not None:
            return run
        remaining = islice(lines, run.rows, None)
        while batch := list(islice(remaining, BATCH)):
            _take_in(actor, run, batch, convert, order.errors)
            if progress is not None:
                progress(run.rows, run.refused)
        ImportRun.objects.filter(pk=run.pk).update(finished_at=clock.now())
        run.refresh_from_db()
    return run


def _open(order: ImportOrder) -> tuple[Iterator[Line], Converter, str]:
    """The lines of the file, how to convert one, and the name of the mapping."""
    if order.format not in FORMATS:
        raise BadInput(f"There is no format {order.format!r}; choose from {', '.join(FORMATS)}.")
    if not order.path.is_file():
        raise BadInput(f"There is no file {order.path}.")
    units = dict(Unit.objects.values_list("key", "pk"))
    if order.format == "jsonl":
        return json_lines(order.path), lambda line: from_object(line.values, units, order.unit.pk), "jsonl"
    mapping, encoding = _mapping(order)
    columns = csv_columns(order.path, encoding, mapping.delimiter)
    missing = sorted(mapping.columns() - set(columns))
    if mapping.key in missing or set(missing) == mapping.columns():
        raise BadInput(f"{order.path} has no column {mapping.key or missing[0]!r}; it has: {', '.join(columns)[:500]}.")
    return (
        csv_lines(order.path, encoding, mapping.delimiter),
        lambda line: from_row(line.values, mapping, units, order.unit.pk),
        mapping.name,
    )


def _mapping(order: ImportOrder) -> tuple[ImportMapping, str]:
    mapping = built_in("cfpb") if order.format == "cfpb" else None
    if order.mapping is not None:
        built = order.mapping.name in ("cfpb", "fcc") and not order.mapping.exists()
        mapping = built_in(order.mapping.name) if built else load_mapping(order.mapping)
    encoding = encoding_of(order.path, mapping.encoding if mapping else "utf-8")
    return mapping or native(csv_columns(order.path, encoding, ",")), encoding


def _run_for(order: ImportOrder, name: str) -> ImportRun:
    digest = hashlib.sha256()
    with order.path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    run, _ = ImportRun.objects.get_or_create(
        sha256=digest.hexdigest(),
        format=order.format,
        mapping=name,
        unit=order.unit,
        defaults={"file_name": order.path.name[:255]},
    )
    return run


class _exclusive:  # noqa: N801  # reads as a statement: with _exclusive(run)
    """Holds a session lock on a run, so that two processes never import the same file at once."""

    def __init__(self, run: ImportRun) -> None:
        self.run = run

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(7401, %s)", [self.run.pk])
            (won,) = cursor.fetchone()
        if not won:
            raise Conflict("This file is being imported at this moment by another process: wait for it.")

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(7401, %s)", [self.run.pk])


def _take_in(actor: Actor, run: ImportRun, batch: list[Line], convert: Converter, errors: Path) -> None:
    """One batch: convert, store, note how far it came; then write the refused rows down."""
    refused: list[tuple[Line, str]] = []
    items: list[tuple[Line, PastComplaint]] = []
    for line in batch:
        if line.problem:
            refused.append((line, line.problem))
            continue
        try:
            items.append((line, convert(line)))
        except AmendsError as error:
            refused.append((line, error.message))
    with transaction.atomic():
        result = register_many(actor=actor, items=[item for _, item in items])
        refused += [(items[position][0], reason) for position, reason in result.refused]
        run.rows += len(batch)
        run.created += len(result.created)
        run.known += len(result.known)
        run.refused += len(refused)
        run.save(update_fields=["rows", "created", "known", "refused"])
    if refused:
        _write_down(errors, sorted(refused, key=lambda one: one[0].number))


def _write_down(path: Path, refused: list[tuple[Line, str]]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(["line", "reason", "row"])
        for line, reason in refused:
            writer.writerow(
                [line.number, reason, line.raw or " | ".join(str(value) for value in line.values.values())[:2000]]
            )
