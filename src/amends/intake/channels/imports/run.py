"""The engine of imports: batches, each in one transaction with the note of how far it came; dry runs; going on after a stop."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from django.db import connection, transaction
from django.utils import translation

from amends.accounts.public import Actor, Unit
from amends.cases.public import BulkResult, PastComplaint, check_many, register_many
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict
from amends.intake.channels.imports.mapping import BUILT_IN_NAMES, ImportMapping, built_in, load_mapping
from amends.intake.channels.imports.models import ImportProblem, ImportRun, RunState
from amends.intake.channels.imports.opening import Opened, open_file
from amends.intake.channels.imports.reading import Line, as_text
from amends.intake.channels.imports.rows import Units

BATCH = 1000
BATCH_CHARACTERS = 16_000_000
PROBLEMS_KEPT = 50_000
"""So many refused rows of a run are kept word for word; all are counted."""
Progress = Callable[[ImportRun], None]
"""Called after each batch."""
End = Literal["finished", "stopped", "later"]


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What to import from the command line.

    Attributes:
        mapping: a mapping file, or the name of one that comes with Amends.
        errors: where refused rows go, with line and reason; made only when there are any.
    """

    path: Path
    format: str
    unit: Unit
    mapping: Path | None
    errors: Path


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that cannot be taken in."""

    line: Line
    reason: str
    field: str = ""


@dataclass(slots=True)
class Batch:
    """Rows that go in together: how many were read, what they became, and those that became nothing."""

    read: int = 0
    items: list[tuple[Line, PastComplaint]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def refused_by(self, result: BulkResult) -> list[Refusal]:
        """All refused rows, in the order of the file."""
        later = [Refusal(self.items[position][0], reason) for position, reason in result.refused]
        return sorted(self.refused + later, key=lambda one: one.line.number)


def units_of(actor: Actor, default: Unit) -> Units:
    """The units that an import by this actor can use."""
    rows = Unit.objects.values_list("key", "name", "pk")
    allowed = None if actor.kind == "system" or actor.unit_ids is None else frozenset(actor.unit_ids)
    return Units.of(rows, default.pk, allowed)


def run_import(*, actor: Actor, order: ImportOrder, progress: Progress | None = None) -> ImportRun:
    """Import a file from the command line. Stopped anywhere, the same order goes on there.

    Raises:
        BadInput: the file, its format or its mapping cannot be used; nothing is stored.
        Conflict: the same file is being imported at this moment.
    """
    opened = _open(actor, order)
    run = _run_for(order, opened)
    with exclusive(run):
        run.refresh_from_db()
        if run.finished_at is None:
            ImportRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
            work(actor=actor, run=run, opened=opened, progress=progress)
            run.refresh_from_db()
    if run.refused:
        write_errors(order.errors, run)
    return run


def dry_run(*, actor: Actor, order: ImportOrder) -> tuple[int, int, int, list[Refusal]]:
    """What an import would do: rows that would be created, that are known, that are refused, and the refused ones.

    Raises:
        BadInput: the file, its format or its mapping cannot be used.
    """
    opened = _open(actor, order)
    created = known = count = 0
    refused: list[Refusal] = []
    for batch in batches(opened, 0):
        result = check_many(items=[item for _, item in batch.items])
        found = batch.refused_by(result)
        created, known, count = created + len(result.created), known + len(result.known), count + len(found)
        refused += found[: max(0, PROBLEMS_KEPT - len(refused))]
    return created, known, count, refused


def work(
    *,
    actor: Actor,
    run: ImportRun,
    opened: Opened,
    progress: Progress | None = None,
    until: Callable[[], bool] = lambda: False,
) -> End:
    """Take in the rows that are left, until they end, somebody stops the run, or `until` says it is enough for now."""
    now = clock.now()
    ImportRun.objects.filter(pk=run.pk).update(resumed_at=now, resumed_rows=run.rows, moved_at=now)
    for batch in ahead(batches(opened, run.rows)):
        if not _take_in(actor, run, batch):
            return "stopped"
        if progress is not None:
            progress(run)
        if until():
            return "later"
    moment = clock.now()
    done = ImportRun.objects.filter(pk=run.pk, state=RunState.RUNNING)
    done.update(state=RunState.FINISHED, finished_at=moment, moved_at=moment, total=run.rows)
    return "finished"


def batches(opened: Opened, skip: int) -> Iterator[Batch]:
    """Rows converted, as many at once as a transaction should hold."""
    batch, characters = Batch(), 0
    for line in opened.lines(skip):
        batch.read += 1
        characters += _convert(line, opened, batch)
        if batch.read >= BATCH or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = Batch(), 0
    if batch.read:
        yield batch


def _convert(line: Line, opened: Opened, batch: Batch) -> int:
    """Put a row into its batch; its size in characters."""
    if line.problem:
        batch.refused.append(Refusal(line, line.problem))
        return len(line.raw)
    try:
        item = opened.convert(line)
    except AmendsError as error:
        batch.refused.append(Refusal(line, error.message, error.field or ""))
        return 0
    batch.items.append((line, item))
    return len(item.new.text) + sum(len(one.text) + len(one.html) for one in item.messages)


def ahead(source: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one being read in a thread while the database works on this one."""
    language = translation.get_language()  # a thread has a language of its own

    def step() -> Batch | None:
        with translation.override(language):
            return next(source, None)

    with ThreadPoolExecutor(1, thread_name_prefix="import") as pool:
        waiting = pool.submit(step)
        while (batch := waiting.result()) is not None:
            waiting = pool.submit(step)
            yield batch


def _take_in(actor: Actor, run: ImportRun, batch: Batch) -> bool:
    """Store one batch and note how far the run came, in one transaction; False when the run was stopped meanwhile."""
    with transaction.atomic():
        now = ImportRun.objects.select_for_update().values_list("state", "rows").get(pk=run.pk)
        if now != (RunState.RUNNING, run.rows):
            return False
        result = register_many(actor=actor, items=[item for _, item in batch.items])
        refused = batch.refused_by(result)
        room = PROBLEMS_KEPT - run.refused
        run.rows += batch.read
        run.created += len(result.created)
        run.known += len(result.known)
        run.refused += len(refused)
        run.moved_at = clock.now()
        run.save(update_fields=["rows", "created", "known", "refused", "moved_at"])
        ImportProblem.objects.bulk_create([problem(one, run=run) for one in refused[: max(0, room)]])
    return True


def problem(refusal: Refusal, **owner: object) -> ImportProblem:
    """A refused row as it is kept, not saved."""
    content = refusal.line.raw or " | ".join(as_text(value) for value in refusal.line.values.values())
    return ImportProblem(
        line=refusal.line.number,
        field=refusal.field[:100],
        reason=refusal.reason.replace("\x00", "")[:500],
        content="".join(one for one in content[:2000] if one.isprintable() or one in "\n\t"),
        **owner,
    )


class exclusive:  # noqa: N801  # reads as a statement: with exclusive(run)
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


def write_errors(path: Path, run: ImportRun) -> None:
    """All refused rows of a run as CSV, anew."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows(error_rows(run.problems.order_by("line", "pk").iterator(5000)))


def error_rows(problems: Iterator[ImportProblem]) -> Iterator[list[str]]:
    """The rows of an error report; what a spreadsheet would take for a formula is defused."""
    yield ["line", "field", "reason", "row"]
    for one in problems:
        yield [str(one.line), _harmless(one.field), _harmless(one.reason), _harmless(one.content)]


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _open(actor: Actor, order: ImportOrder) -> Opened:
    if not order.path.is_file():
        raise BadInput(f"There is no file {order.path}.")
    return open_file(order.path, order.format, _mapping(order.mapping), units_of(actor, order.unit))


def _mapping(given: Path | None) -> ImportMapping | None:
    if given is None:
        return None
    return built_in(given.name) if given.name in BUILT_IN_NAMES and not given.exists() else load_mapping(given)


def _run_for(order: ImportOrder, opened: Opened) -> ImportRun:
    run, _ = ImportRun.objects.get_or_create(
        sha256=sha256_of(order.path),
        format=order.format,
        mapping=opened.name,
        unit=order.unit,
        defaults={
            "file_name": order.path.name[:255],
            "values": None if opened.mapping is None else opened.mapping.model_dump(mode="json"),
        },
    )
    return run


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
