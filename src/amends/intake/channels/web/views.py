"""The page with the complaint form."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from amends.accounts.public import Unit, public_page, root_unit, unit_settings
from amends.cases.public import Complaint, Product, portal_token
from amends.core import clock
from amends.core.errors import BadInput, Conflict
from amends.core.text import clean_line
from amends.intake.channels.web import guard
from amends.intake.channels.web.brands import look_of
from amends.intake.channels.web.files import MAX_TOTAL, Upload, accept_files
from amends.intake.channels.web.forms import ComplaintForm
from amends.intake.channels.web.receive import TooOftenError, receive
from amends.intake.channels.web.scanning import Scanned, scan_files
from amends.intake.channels.web.visitors import address_of, chosen_unit

PREFILLED = ("product", "order", "text", "wish")
ROOM_FOR_WORDS = 2 * 1024 * 1024


@public_page
@csrf_exempt  # anonymous: there is no session to misuse, and the signed stamp is required; see guard.py
@require_http_methods(["GET", "POST"])
def complain(request: HttpRequest, unit_key: str = "") -> HttpResponseBase:
    """Show the form; take it in when it is whole."""
    unit = _unit(unit_key)
    if request.method != "POST":
        return _page(request, unit, ComplaintForm(unit=unit, initial=_prefilled(request)))
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOTAL + ROOM_FOR_WORDS:
        return _page(
            request, unit, ComplaintForm(unit=unit), status=413, problem=_("The files are too large together.")
        )
    form = ComplaintForm(request.POST, unit=unit)
    stamp = guard.read_stamp(str(request.POST.get("stamp", ""))[:200])
    whole = form.is_valid()
    files, file_problem = _files(request)
    if stamp is None or guard.too_old(stamp, clock.now()):
        return _again(request, unit, form, _("This page was open for a long time. Please press the button once more."))
    if guard.too_fast(stamp, clock.now()):
        return _again(request, unit, form, _("That was very fast. Please press the button once more."), same_stamp=True)
    if not whole or file_problem:
        return _page(request, unit, form, status=422, file_problem=file_problem)
    return _take_in(request, unit, form, stamp, files)


def _take_in(
    request: HttpRequest, unit: Unit | None, form: ComplaintForm, stamp: guard.Stamp, files: Scanned
) -> HttpResponseBase:
    try:
        result = receive(
            values=form.cleaned_data,
            extra=form.extra(),
            files=files,
            unit=unit,
            stamp=stamp,
            visitor=address_of(request),
            language=(get_language() or "en").split("-")[0],
            now=clock.now(),
        )
    except TooOftenError as refusal:
        return _page(request, unit, form, status=refusal.status, problem=refusal.message)
    except Conflict:
        words = _(
            "You have sent this form before with other words. If this is a new complaint, press the button once more."
        )
        return _again(request, unit, form, words)
    except BadInput as refusal:
        return _page(request, unit, form, status=refusal.status, problem=refusal.message)
    return _thanks(result.complaint)


def _unit(key: str) -> Unit | None:
    """The unit of the address; None is the whole house, where the customer can choose a shop."""
    unit = chosen_unit(key)
    return None if unit.parent_id is None and unit.key != key else unit


def _prefilled(request: HttpRequest) -> dict[str, str]:
    """What a link can bring along: `/complain/?product=Aria%20One&order=123`."""
    return {name: clean_line(value)[:300] for name in PREFILLED if (value := request.GET.get(name))}


def _files(request: HttpRequest) -> tuple[Scanned, str]:
    """The accepted files, or what is wrong with them."""
    try:
        return scan_files(accept_files(cast("list[Upload]", request.FILES.getlist("files")))), ""
    except BadInput as refusal:
        return Scanned(), refusal.message


def _thanks(complaint: Complaint) -> HttpResponse:
    return redirect(f"/p/{portal_token(complaint.public_id)}/thanks/")


def _again(
    request: HttpRequest, unit: Unit | None, form: ComplaintForm, problem: str, *, same_stamp: bool = False
) -> HttpResponse:
    if not same_stamp:
        data = request.POST.copy()
        data["stamp"] = guard.new_stamp(clock.now() - guard.FASTEST)
        form = ComplaintForm(data, unit=unit)
    return _page(request, unit, form, status=422, problem=problem)


def _page(
    request: HttpRequest,
    unit: Unit | None,
    form: ComplaintForm,
    *,
    status: int = 200,
    problem: str = "",
    file_problem: str = "",
) -> HttpResponse:
    shown = unit or root_unit()
    house = unit_settings(shown.pk)
    if not form.is_bound:
        form.initial["stamp"] = guard.new_stamp(clock.now())
    look, language = look_of(shown), (get_language() or "en").split("-")[0]
    context: dict[str, Any] = {
        "look": look,
        "title": look.words(language, "title"),
        "intro": look.words(language, "intro"),
        "form": form,
        "problem": problem,
        "file_problem": file_problem,
        "unit": unit,
        "house_name": house.sender_name,
        "house_phone": house.phone,
        "products": list(Product.objects.values_list("name", flat=True)[:300]),
        "has_files": status not in (200, 413) and bool(request.FILES),
    }
    response = render(request, "intake/web/complain.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
