"""What can be done with imports: give a file, choose its mapping, try it, start, pause, go on, cancel, forget it."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Q
from django.utils import translation

from amends.accounts.public import SYSTEM, Actor, Permission, Unit, User, actor_for_user, root_unit, unit_settings
from amends.audit.public import record
from amends.cases.public import check_many
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict, NotFound
from amends.core.text import clean_line
from amends.intake.channels.imports import jobs
from amends.intake.channels.imports.mapping import ImportMapping, mapping_of
from amends.intake.channels.imports.models import (
    CheckState,
    ImportFile,
    ImportPart,
    ImportProblem,
    ImportRun,
    RunState,
    SavedImportMapping,
)
from amends.intake.channels.imports.opening import FORMATS, Opened, open_file
from amends.intake.channels.imports.proposing import propose
from amends.intake.channels.imports.run import PROBLEMS_KEPT, batches, exclusive, problem, sha256_of, units_of, work

PART = 1 << 20
SIZE_LIMIT = 512 * 1024 * 1024
FORGOTTEN_AFTER = timedelta(days=7)
PROBLEMS_FOR = timedelta(days=90)
SLICE_SECONDS = 120.0
"""A job works so long, then leaves its place to others and is deferred again."""
ENDED = (RunState.FINISHED, RunState.CANCELLED)


def access_file(actor: Actor, number: int) -> ImportFile:
    """A file that this actor may see.

    Raises:
        NotAllowed: the actor does not look after imports.
        NotFound: there is no such file, or it is of another unit.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    file = ImportFile.objects.select_related("unit").filter(pk=number).first() if 0 < number < 2**63 else None
    if file is None or not actor.sees_unit(file.unit_id):
        raise NotFound
    return file


def access_run(actor: Actor, number: int) -> ImportRun:
    """A run that this actor may see; errors as `access_file`."""
    actor.require(Permission.SETTINGS_CHANGE)
    run = ImportRun.objects.select_related("unit", "file").filter(pk=number).first() if 0 < number < 2**63 else None
    if run is None or not actor.sees_unit(run.unit_id):
        raise NotFound
    return run


def keep_file(*, actor: Actor, name: str, chunks: Iterable[bytes], unit: Unit, form: str = "") -> ImportFile:
    """Keep the bytes of a file, and propose a format and a mapping for it.

    Raises:
        BadInput: it is empty, too large, or not a kind of file that holds rows; then nothing is kept.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    if not actor.sees_unit(unit.pk):
        raise NotFound
    name = clean_line(name).replace("/", "_")[-200:] or "file"
    with tempfile.TemporaryDirectory(prefix="amends-import-") as folder:
        path = Path(folder) / name.replace("\\", "_")
        size = _write(path, chunks)
        proposal = propose(path, form, units_of(actor, unit), timezone=unit_settings(unit.pk).timezone)
        with transaction.atomic():
            file = ImportFile.objects.create(
                name=name,
                size=size,
                sha256=sha256_of(path),
                unit=unit,
                format=proposal.format,
                mapping=None if proposal.mapping is None else proposal.mapping.model_dump(mode="json"),
                given_by=_user(actor),
            )
            with path.open("rb") as stream:
                for number, data in enumerate(iter(lambda: stream.read(PART), b"")):
                    ImportPart.objects.create(file=file, number=number, data=data)
            _record(actor, f"import_file:{file.pk}", "import_file_given", size=size, sha256=file.sha256, unit=unit.pk)
    return file


def _write(path: Path, chunks: Iterable[bytes]) -> int:
    size = 0
    with path.open("wb") as stream:
        for chunk in chunks:
            size += len(chunk)
            if size > SIZE_LIMIT:
                raise BadInput(
                    f"The file is larger than {SIZE_LIMIT >> 20} MB: split it, or use `amends import` on the server.",
                    field="file",
                )
            stream.write(chunk)
    return size


def choose(*, actor: Actor, file_id: int, form: str, unit: Unit, mapping: ImportMapping | None) -> ImportFile:
    """Choose format, unit and mapping of a file; what a dry run said before is forgotten.

    Raises:
        BadInput: they do not go with the file; then nothing is changed.
    """
    file = access_file(actor, file_id)
    if form not in FORMATS:
        raise BadInput(f"There is no format {form!r}; choose from {', '.join(FORMATS)}.", field="format")
    if not actor.sees_unit(unit.pk):
        raise NotFound
    open_file(path_of(file), form, mapping, units_of(actor, unit))
    with transaction.atomic():
        file.format, file.unit = form, unit
        file.mapping = None if mapping is None else mapping.model_dump(mode="json")
        file.check_state, file.check_reason, file.check_token = CheckState.NONE, "", ""
        file.checked_rows = file.checked_good = file.checked_known = file.checked_refused = 0
        file.save()
        file.problems.all().delete()
        _record(actor, f"import_file:{file.pk}", "import_mapping_chosen", format=form, unit=unit.pk)
    return file


def opened(actor: Actor, file: ImportFile) -> Opened:
    """The file, ready to be read with its mapping.

    Raises:
        BadInput: its bytes are gone, or it cannot be read with this mapping.
    """
    mapping = None if file.mapping is None else mapping_of(file.mapping)
    return open_file(path_of(file), file.format, mapping, units_of(actor, file.unit))


def path_of(file: ImportFile) -> Path:
    """The file on this machine's disk, written there from the database when it is not there yet.

    Raises:
        BadInput: its bytes are not kept any more.
    """
    if not file.kept:
        raise BadInput("The bytes of this file are not kept any more: give the file again.")
    folder = _folder() / f"{file.pk}-{file.sha256[:16]}"
    path = folder / file.name.replace("\\", "_")
    if path.is_file() and path.stat().st_size == file.size:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as stream:
        for data in file.parts.order_by("number").values_list("data", flat=True).iterator(8):
            stream.write(bytes(data))
    Path(stream.name).replace(path)
    return path


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "imports"


def save_mapping(*, actor: Actor, mapping: ImportMapping) -> SavedImportMapping:
    """Save a mapping under its name, as the next version; the same again is no new version.

    Raises:
        Conflict: somebody else saved one at this moment.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    values = mapping.model_dump(mode="json")
    last = SavedImportMapping.objects.filter(name=mapping.name).order_by("-version").first()
    if last is not None and last.values == values:
        return last
    try:
        with transaction.atomic():
            saved = SavedImportMapping.objects.create(
                name=mapping.name, version=(last.version if last else 0) + 1, values=values, saved_by=_user(actor)
            )
            _record(actor, f"import_mapping:{saved.pk}", "import_mapping_saved", version=saved.version)
    except IntegrityError as error:
        raise Conflict("Somebody saved a mapping of this name at this moment: look at it, and save again.") from error
    return saved


def saved_mappings() -> list[SavedImportMapping]:
    """The newest version of each saved mapping, by name."""
    newest = SavedImportMapping.objects.values("name").annotate(last=Max("version"))
    condition = Q(pk=None)
    for one in newest:
        condition |= Q(name=one["name"], version=one["last"])
    return list(SavedImportMapping.objects.filter(condition).order_by("name"))


def start_check(*, actor: Actor, file_id: int) -> ImportFile:
    """Ask for a dry run of the whole file; nothing of it is stored.

    Raises:
        BadInput: it cannot be read with this mapping.
    """
    file = access_file(actor, file_id)
    opened(actor, file)
    with transaction.atomic():
        file.check_state, file.check_reason, file.check_token = CheckState.RUNNING, "", secrets.token_hex(16)
        file.checked_rows = file.checked_good = file.checked_known = file.checked_refused = 0
        file.save()
        file.problems.all().delete()
        jobs.check_file.defer(file_id=file.pk, token=file.check_token)
        _record(actor, f"import_file:{file.pk}", "import_tried")
    return file


def check(*, file_id: int, token: str) -> str:
    """The dry run itself. An older one ends by itself; one that was killed begins again."""
    file = ImportFile.objects.select_related("unit", "given_by").filter(pk=file_id, check_token=token).first()
    if file is None or file.check_state != CheckState.RUNNING:
        return "not wanted any more"
    with translation.override(_language_of(file.given_by)):
        return _check(file, token)


def _check(file: ImportFile, token: str) -> str:
    mine = ImportFile.objects.filter(pk=file.pk, check_token=token)
    file.problems.all().delete()
    counts = {"checked_rows": 0, "checked_good": 0, "checked_known": 0, "checked_refused": 0}
    try:
        for batch in batches(opened(_actor_of(file.given_by), file), 0):
            result = check_many(items=[item for _, item in batch.items])
            refused = batch.refused_by(result)
            room = max(0, PROBLEMS_KEPT - counts["checked_refused"])
            for name, more in zip(
                counts, (batch.read, len(result.created), len(result.known), len(refused)), strict=True
            ):
                counts[name] += more
            with transaction.atomic():
                if not mine.update(**counts):
                    return "not wanted any more"
                ImportProblem.objects.bulk_create([problem(one, file=file) for one in refused[:room]])
    except AmendsError as error:
        mine.update(check_state=CheckState.FAILED, check_reason=error.message[:500])
        return "failed"
    mine.update(check_state=CheckState.DONE)
    return f"{counts['checked_rows']} rows"


def start(*, actor: Actor, file_id: int) -> ImportRun:
    """Start the import of a file, or go on with the one that was begun with the same mapping.

    Raises:
        BadInput: it cannot be read with this mapping.
        Conflict: it was imported with this mapping before.
    """
    file = access_file(actor, file_id)
    ready = opened(actor, file)
    with transaction.atomic():
        run, created = ImportRun.objects.select_for_update().get_or_create(
            sha256=file.sha256,
            format=file.format,
            mapping=ready.name,
            unit=file.unit,
            defaults={"file_name": file.name, "file": file, "values": file.mapping, "started_by": _user(actor)},
        )
        if not created and run.state == RunState.FINISHED:
            raise Conflict(f"This file was imported with this mapping before, on {run.finished_at:%Y-%m-%d %H:%M} UTC.")
        run.file, run.state, run.reason = file, RunState.RUNNING, ""
        run.total = file.checked_rows if file.check_state == CheckState.DONE else None
        run.save(update_fields=["file", "state", "reason", "total"])
        jobs.work_on.defer(run_id=run.pk)
        _record(actor, f"import:{run.pk}", "import_started", file=file.pk, unit=file.unit_id, rows=run.rows)
    return run


def pause(*, actor: Actor, run_id: int) -> ImportRun:
    """Stop after the batch in hand; it can go on."""
    return _change(actor, run_id, RunState.PAUSED, (RunState.RUNNING,), "import_paused")


def resume(*, actor: Actor, run_id: int) -> ImportRun:
    """Go on where it stopped.

    Raises:
        BadInput: the bytes are not here any more.
    """
    run = access_run(actor, run_id)
    if run.file is None or not run.file.kept:
        raise BadInput(
            "The bytes of this file are not here: give the file again, or use `amends import` where it lies."
        )
    with transaction.atomic():
        run = _change(actor, run_id, RunState.RUNNING, (RunState.PAUSED, RunState.FAILED), "import_resumed")
        jobs.work_on.defer(run_id=run.pk)
    return run


def cancel(*, actor: Actor, run_id: int) -> ImportRun:
    """Stop for good: what is in stays in, the bytes of the file are removed."""
    with transaction.atomic():
        stoppable = (RunState.RUNNING, RunState.PAUSED, RunState.FAILED)
        run = _change(actor, run_id, RunState.CANCELLED, stoppable, "import_cancelled")
        if run.file is not None:
            _drop_bytes(run.file)
    return run


def _change(actor: Actor, run_id: int, state: RunState, sources: tuple[RunState, ...], kind: str) -> ImportRun:
    run = access_run(actor, run_id)
    with transaction.atomic():
        if not ImportRun.objects.filter(pk=run.pk, state__in=sources).update(state=state, reason=""):
            raise Conflict("This import has changed meanwhile: look at it again.")
        run.refresh_from_db()
        _record(actor, f"import:{run.pk}", kind, rows=run.rows)
    return run


def proceed(*, run_id: int, seconds: float = SLICE_SECONDS) -> str:
    """Work on a run for a while, in the worker; what is left is deferred again. Safe to run twice: one at a time wins."""
    run = ImportRun.objects.select_related("unit", "file", "started_by").filter(pk=run_id).first()
    if run is None or run.file is None or run.state != RunState.RUNNING:
        return "nothing to do"
    actor = _actor_of(run.started_by)
    ends = time.monotonic() + seconds
    try:
        with exclusive(run), translation.override(_language_of(run.started_by)):
            run.refresh_from_db(fields=["rows", "created", "known", "refused", "state"])
            end = work(
                actor=actor, run=run, opened=_as_begun(actor, run, run.file), until=lambda: time.monotonic() > ends
            )
            if end == "finished":
                _finish(actor, run)
    except Conflict:
        return "another worker has it"
    except AmendsError as error:
        ImportRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
            state=RunState.FAILED, reason=error.message[:500]
        )
        return "failed"
    if end == "later":
        jobs.work_on.defer(run_id=run.pk)
    return f"{end} at row {run.rows}"


def _as_begun(actor: Actor, run: ImportRun, file: ImportFile) -> Opened:
    """The file with the mapping that the run began with, whatever was chosen since."""
    mapping = None if run.values is None else mapping_of(run.values)
    return open_file(path_of(file), run.format, mapping, units_of(actor, run.unit))


def _finish(actor: Actor, run: ImportRun) -> None:
    with transaction.atomic():
        counts = {"rows": run.rows, "created": run.created, "known": run.known, "refused": run.refused}
        _record(actor, f"import:{run.pk}", "import_finished", **counts)
        others = run.file and run.file.runs.exclude(pk=run.pk).exclude(state__in=ENDED).exists()
        if run.file is not None and not others and not run.refused:
            _drop_bytes(run.file)


def take_up() -> list[int]:
    """Runs and dry runs whose worker died: the ids of runs that need a job. Called every minute."""
    before = clock.now() - timedelta(seconds=60)
    waiting = ImportRun.objects.filter(state=RunState.RUNNING, file__isnull=False)
    return list(
        waiting.filter(Q(moved_at=None, started_at__lt=before) | Q(moved_at__lt=before)).values_list("pk", flat=True)
    )


def tidy() -> int:
    """Remove the bytes of files that nobody needs any more, and old refused rows; how many files."""
    old = clock.now() - FORGOTTEN_AFTER
    ImportProblem.objects.filter(at__lt=clock.now() - PROBLEMS_FOR).delete()
    busy = Q(runs__state__in=(RunState.RUNNING, RunState.PAUSED, RunState.FAILED))
    files = list(ImportFile.objects.filter(kept=True, given_at__lt=old).exclude(busy))
    for file in files:
        with transaction.atomic():
            _drop_bytes(file)
    return len(files)


def _drop_bytes(file: ImportFile) -> None:
    file.parts.all().delete()
    file.kept = False
    file.save(update_fields=["kept"])
    folder = _folder() / f"{file.pk}-{file.sha256[:16]}"
    for path in folder.glob("*"):
        path.unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()


def _language_of(user: User | None) -> str:
    """Reasons are kept in the language of whoever asked: the organisation's when that was a program."""
    return user.language if user is not None else unit_settings(root_unit().pk).language


def _actor_of(user: User | None) -> Actor:
    return SYSTEM if user is None else actor_for_user(user)


def _user(actor: Actor) -> User | None:
    return User.objects.filter(pk=actor.user_id).first() if actor.user_id else None


def _record(actor: Actor, chain: str, kind: str, **data: Any) -> None:
    record(actor=actor, chain=chain, kind=kind, data=data)
