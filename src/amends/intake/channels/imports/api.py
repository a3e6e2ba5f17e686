"""Imports through the API: give a file, follow it, read what was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile
from ninja.responses import Status

from amends.accounts.public import Permission, root_unit, unit_by_key
from amends.core.api import api_actor, scope
from amends.core.errors import BadInput
from amends.intake.channels.imports import services
from amends.intake.channels.imports.figures import progress_of
from amends.intake.channels.imports.mapping import BUILT_IN_NAMES, ImportMapping, built_in, mapping_of, parse_mapping
from amends.intake.channels.imports.models import ImportFile, ImportRun
from amends.intake.channels.imports.views import csv_response

router = Router(tags=["imports"])


class ImportFileOut(Schema):
    """A file that was given, and what its dry run said."""

    id: int
    name: str
    size: int
    format: str
    unit: str
    check: str
    check_reason: str
    rows: int
    would_be_imported: int
    known: int
    would_be_refused: int
    url: str


class ImportOut(Schema):
    """An import and how far it is; the speed is of this stretch."""

    id: int
    file: int | None
    state: str
    reason: str
    rows: int
    total: int | None
    imported: int
    known: int
    refused: int
    rows_per_second: float | None
    seconds_left: int | None
    started_at: datetime
    finished_at: datetime | None


class NewImport(Schema):
    """How a file is to be read; `mapping` is the name of a saved or built-in one, or the TOML of one."""

    format: str = ""
    unit: str = ""
    mapping: str = ""
    start: bool = False


def _file_out(file: ImportFile) -> ImportFileOut:
    return ImportFileOut(
        id=file.pk,
        name=file.name,
        size=file.size,
        format=file.format,
        unit=file.unit.key,
        check=file.check_state,
        check_reason=file.check_reason,
        rows=file.checked_rows,
        would_be_imported=file.checked_good,
        known=file.checked_known,
        would_be_refused=file.checked_refused,
        url=f"/imports/files/{file.pk}/",
    )


def _out(run: ImportRun) -> ImportOut:
    progress = progress_of(run)
    return ImportOut(
        id=run.pk,
        file=run.file_id,
        state=run.state,
        reason=run.reason,
        rows=run.rows,
        total=run.total,
        imported=run.created,
        known=run.known,
        refused=run.refused,
        rows_per_second=None if progress.speed is None else round(progress.speed, 1),
        seconds_left=None if progress.left is None else round(progress.left.total_seconds()),
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def _named(text: str) -> ImportMapping:
    """A mapping by its name, or from its TOML."""
    if text in BUILT_IN_NAMES:
        return built_in(text)
    saved = {one.name: one for one in services.saved_mappings()}
    if text in saved:
        return mapping_of(saved[text].values)
    if "=" not in text:
        raise BadInput(f"There is no mapping {text[:60]!r}: give the name of one, or its TOML.", field="mapping")
    return parse_mapping(text[:200_000])


@router.post("/imports/files", response={201: ImportFileOut, 202: ImportOut}, summary="Give a file to import")
@scope(Permission.SETTINGS_CHANGE)
def post_file(
    request: HttpRequest, file: Annotated[UploadedFile, File()], given: Annotated[NewImport, Form()]
) -> Status[Any]:
    """Keep a file; with `start` its import begins at once. Without a mapping one is proposed from the names of the columns."""
    actor = api_actor(request)
    unit = unit_by_key(given.unit) if given.unit else root_unit()
    kept = services.keep_file(actor=actor, name=file.name or "", chunks=file.chunks(), unit=unit, form=given.format)
    if given.mapping:
        mapping = _named(given.mapping)
        kept = services.choose(actor=actor, file_id=kept.pk, form=kept.format, unit=unit, mapping=mapping)
    if given.start:
        return Status(202, _out(services.start(actor=actor, file_id=kept.pk)))
    return Status(201, _file_out(kept))


@router.get("/imports/files/{number}", response=ImportFileOut, summary="A file and its dry run")
@scope(Permission.SETTINGS_CHANGE)
def get_file(request: HttpRequest, number: int) -> ImportFileOut:
    """What was given, and what the dry run said so far."""
    return _file_out(services.access_file(api_actor(request), number))


@router.post("/imports/files/{number}/check", response={202: ImportFileOut}, summary="Try a file without storing")
@scope(Permission.SETTINGS_CHANGE)
def post_check(request: HttpRequest, number: int) -> Status[Any]:
    """Begin a dry run of the whole file."""
    return Status(202, _file_out(services.start_check(actor=api_actor(request), file_id=number)))


@router.get("/imports/files/{number}/errors", summary="The rows that the dry run would refuse, as CSV")
@scope(Permission.SETTINGS_CHANGE)
def get_file_errors(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """Line, field, reason and row of each."""
    file = services.access_file(api_actor(request), number)
    return csv_response(file.problems.order_by("line", "pk").iterator(2000), f"dry-run-{file.pk}.errors.csv")


@router.post("/imports/files/{number}/start", response={202: ImportOut}, summary="Start an import")
@scope(Permission.SETTINGS_CHANGE)
def post_start(request: HttpRequest, number: int) -> Status[Any]:
    """Begin, or go on with, the import of a file."""
    return Status(202, _out(services.start(actor=api_actor(request), file_id=number)))


@router.get("/imports/{number}", response=ImportOut, summary="How far an import is")
@scope(Permission.SETTINGS_CHANGE)
def get_import(request: HttpRequest, number: int) -> ImportOut:
    """Counts, speed, and what is left."""
    return _out(services.access_run(api_actor(request), number))


@router.get("/imports/{number}/errors", summary="The refused rows, as CSV")
@scope(Permission.SETTINGS_CHANGE)
def get_errors(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """Line, field, reason and row of each."""
    run = services.access_run(api_actor(request), number)
    return csv_response(run.problems.order_by("line", "pk").iterator(2000), f"import-{run.pk}.errors.csv")


@router.post("/imports/{number}/{verb}", response=ImportOut, summary="Pause, resume or cancel an import")
@scope(Permission.SETTINGS_CHANGE)
def post_change(request: HttpRequest, number: int, verb: str) -> ImportOut:
    """`pause` stops after the batch in hand, `resume` goes on, `cancel` stops for good."""
    verbs = {"pause": services.pause, "resume": services.resume, "cancel": services.cancel}
    if verb not in verbs:
        raise BadInput("The last part of the address is pause, resume or cancel.")
    return _out(verbs[verb](actor=api_actor(request), run_id=number))
