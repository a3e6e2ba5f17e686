"""The pages of imports: give a file, choose its mapping, look, try, start, follow."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import (
    Actor,
    Permission,
    Unit,
    permission_required,
    request_actor,
    unit_by_key,
    unit_settings,
)
from amends.cases.public import Phase
from amends.core.errors import BadInput
from amends.intake.channels.imports import services
from amends.intake.channels.imports.figures import progress_of, share
from amends.intake.channels.imports.forming import KEEP, form_rows, mapping_from
from amends.intake.channels.imports.mapping import (
    BUILT_IN_NAMES,
    ImportMapping,
    built_in,
    mapping_of,
    parse_mapping,
    to_toml,
)
from amends.intake.channels.imports.models import CheckState, ImportFile, ImportProblem, ImportRun, RunState
from amends.intake.channels.imports.opening import FORMATS, Opened
from amends.intake.channels.imports.proposing import doubtful_dates, preview, propose
from amends.intake.channels.imports.run import error_rows, units_of

PAGE = 30


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def overview(request: HttpRequest) -> HttpResponse:
    """Give a file; below it, what was given and imported before."""
    actor = request_actor(request)
    if request.method == "POST":
        try:
            file = services.keep_file(actor=actor, **_given(request, actor))
        except BadInput as refusal:
            return _overview(request, actor, problem=refusal.message, status=refusal.status)
        return redirect("import_file", file.pk)
    return _overview(request, actor)


def _given(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile):
        raise BadInput(_("Choose a file first."), field="file")
    form = str(request.POST.get("format", ""))
    if form and form not in FORMATS:
        raise BadInput(_("There is no such format."), field="format")
    return {"name": upload.name or "", "chunks": upload.chunks(), "unit": _unit(request, actor), "form": form}


def _unit(request: HttpRequest, actor: Actor) -> Unit:
    unit = unit_by_key(str(request.POST.get("unit", "")))
    if not actor.sees_unit(unit.pk):
        raise BadInput(_("There is no such unit."), field="unit")
    return unit


def _units(actor: Actor) -> list[Unit]:
    return [one for one in Unit.objects.order_by("path") if actor.sees_unit(one.pk)]


def _overview(request: HttpRequest, actor: Actor, *, problem: str = "", status: int = 200) -> HttpResponse:
    mine = {} if actor.unit_ids is None else {"unit_id__in": actor.unit_ids}
    runs = ImportRun.objects.filter(**mine).select_related("unit", "started_by").order_by("-pk")[:PAGE]
    files = ImportFile.objects.filter(kept=True, runs=None, **mine).select_related("unit").order_by("-pk")[:PAGE]
    context = {
        "problem": problem,
        "units": _units(actor),
        "formats": FORMATS,
        "runs": [(run, progress_of(run)) for run in runs],
        "files": files,
        "limit": services.SIZE_LIMIT >> 20,
    }
    return render(request, "intake/imports/overview.html", context, status=status)


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def file_page(request: HttpRequest, number: int) -> HttpResponse:
    """A file with its mapping and what its first rows become; a changed mapping is posted here."""
    actor = request_actor(request)
    file = services.access_file(actor, number)
    if not file.kept:
        messages.info(request, _("The bytes of this file are not kept any more. Give it again to import it."))
        return redirect("imports")
    if request.method != "POST":
        return _file_page(request, actor, file)
    try:
        _choose(request, actor, file)
    except BadInput as refusal:
        return _file_page(request, actor, file, problem=refusal.message, status=refusal.status)
    return redirect("import_file", file.pk)


def _choose(request: HttpRequest, actor: Actor, file: ImportFile) -> None:
    """Take over what was chosen, and save the mapping when that was asked for."""
    form = str(request.POST.get("format", file.format))
    unit = _unit(request, actor)
    mapping = _mapping_of(request, actor, file, form)
    services.choose(actor=actor, file_id=file.pk, form=form, unit=unit, mapping=mapping)
    if mapping is not None and request.POST.get("save"):
        saved = services.save_mapping(actor=actor, mapping=mapping)
        words = _("The mapping “%(name)s” is saved, version %(version)d.")
        messages.success(request, words % {"name": saved.name, "version": saved.version})


def _mapping_of(request: HttpRequest, actor: Actor, file: ImportFile, form: str) -> ImportMapping | None:
    data = request.POST
    how = str(data.get("how", "fields"))
    if how == "toml":
        return parse_mapping(str(data.get("toml", ""))[:200_000])
    if how == "other":
        source, _sign, name = str(data.get("mapping", "")).partition(":")
        if source == "built_in" and name in BUILT_IN_NAMES:
            return built_in(name)
        saved = {one.name: one for one in services.saved_mappings()}
        if source == "saved" and name in saved:
            return mapping_of(saved[name].values)
        proposal = propose(
            services.path_of(file), form, units_of(actor, file.unit), timezone=unit_settings(file.unit_id).timezone
        )
        return proposal.mapping
    if file.mapping is None:
        return None
    values = {name: str(value) for name, value in data.items()}
    return mapping_from(values, mapping_of(file.mapping), services.opened(actor, file).columns)


def _file_page(
    request: HttpRequest, actor: Actor, file: ImportFile, *, problem: str = "", status: int = 200
) -> HttpResponse:
    ready: Opened | None = None
    try:
        ready = services.opened(actor, file)
    except BadInput as refusal:
        problem = problem or refusal.message
    mapping = None if file.mapping is None else mapping_of(file.mapping)
    context = {
        "file": file,
        "problem": problem,
        "columns": ready.columns if ready else [],
        "mapping": mapping,
        "rows": form_rows(mapping) if mapping else [],
        "keep": KEEP,
        "toml": request.POST.get("toml") or (to_toml(mapping) if mapping else ""),
        "shown": preview(ready) if ready else [],
        "doubtful": doubtful_dates(ready) if ready else [],
        "units": _units(actor),
        "formats": FORMATS,
        "phases": [(one.value, one.label) for one in Phase],
        "built_in": BUILT_IN_NAMES,
        "saved": services.saved_mappings(),
        **_check_context(file),
    }
    return render(request, "intake/imports/file.html", context, status=status)


def _check_context(file: ImportFile) -> dict[str, Any]:
    return {
        "file": file,
        "checking": file.check_state == CheckState.RUNNING,
        "checked": file.check_state == CheckState.DONE,
        "problems": list(file.problems.order_by("line", "pk")[:20]) if file.checked_refused else [],
    }


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def check(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for a dry run."""
    services.start_check(actor=request_actor(request), file_id=number)
    return redirect("import_file", number)


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def file_state(request: HttpRequest, number: int) -> HttpResponse:
    """How far the dry run is, for the page that waits for it."""
    file = services.access_file(request_actor(request), number)
    return render(request, "intake/imports/check.html", _check_context(file))


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Start the import."""
    run = services.start(actor=request_actor(request), file_id=number)
    return redirect("import_run", run.pk)


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def run_page(request: HttpRequest, number: int) -> HttpResponse:
    """One import: how far it is, and what was refused."""
    return render(request, "intake/imports/run.html", _run_context(request, number))


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def run_state(request: HttpRequest, number: int) -> HttpResponse:
    """The part of the page that moves."""
    return render(request, "intake/imports/progress.html", _run_context(request, number))


def _run_context(request: HttpRequest, number: int) -> dict[str, Any]:
    run = services.access_run(request_actor(request), number)
    moving = run.state == RunState.RUNNING and run.file_id is not None
    return {
        "run": run,
        "progress": progress_of(run),
        "share": share(run),
        "moving": moving,
        "can_pause": moving,
        "can_resume": run.state in (RunState.PAUSED, RunState.FAILED) and run.file is not None and run.file.kept,
        "can_cancel": run.state in (RunState.RUNNING, RunState.PAUSED, RunState.FAILED) and run.file_id is not None,
        "problems": list(run.problems.order_by("line", "pk")[:20]) if run.refused else [],
    }


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Pause, go on, or cancel."""
    verbs = {"pause": services.pause, "resume": services.resume, "cancel": services.cancel}
    verb = verbs.get(str(request.POST.get("do", "")))
    if verb is None:
        raise BadInput(_("Pause, go on, or cancel: choose one of these."))
    verb(actor=request_actor(request), run_id=number)
    return redirect("import_run", number)


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def file_errors(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """The rows that the dry run would refuse, as CSV."""
    file = services.access_file(request_actor(request), number)
    return csv_response(file.problems.order_by("line", "pk").iterator(2000), f"dry-run-{file.pk}.errors.csv")


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def run_errors(request: HttpRequest, number: int) -> StreamingHttpResponse:
    """The refused rows, as CSV."""
    run = services.access_run(request_actor(request), number)
    return csv_response(run.problems.order_by("line", "pk").iterator(2000), f"import-{run.pk}.errors.csv")


class _Echo:
    """Hands every written line to whoever asks for it."""

    def write(self, line: str) -> str:
        """The line itself."""
        return line


def csv_response(problems: Iterator[ImportProblem], name: str) -> StreamingHttpResponse:
    """An error report as a download; with a mark at the start, so that spreadsheets read it as UTF-8."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff"
        for row in error_rows(problems):
            yield writer.writerow(row)

    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8", headers=headers)
