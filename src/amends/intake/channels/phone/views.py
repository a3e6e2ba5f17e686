"""The staff's pages of calls: what rings now, who is to be called back, and the screen on which a call is noted."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Actor, Permission, Unit, permission_required, request_actor, unit_by_key
from amends.cases.public import Complaint, Person, access_complaint, sees
from amends.core.errors import AmendsError, NotFound
from amends.intake.channels.phone import callers, calls
from amends.intake.channels.phone.forms import CallNoteForm
from amends.intake.channels.phone.models import CallNote, PhoneCall
from amends.intake.channels.phone.notes import NewCallNote, lines_of, save_note

LIVE, BACK, RECENT = 20, 50, 50


def _lists(actor: Actor) -> dict[str, Any]:
    visible = calls.visible_calls(actor)
    live = list(visible.filter(state__in=["ringing", "answered"])[:LIVE])
    before = visible.exclude(state__in=["ringing", "answered"]).exclude(state="missed", called_back_at=None)
    return {
        "live": [(call, callers.callers_of(actor, call.number)) for call in live],
        "missed": list(visible.filter(state="missed", called_back_at=None)[:BACK]),
        "recent": [(call, _reference(actor, call)) for call in before[:RECENT]],
        "may_work": actor.can(Permission.CASE_WORK),
    }


def _reference(actor: Actor, call: PhoneCall) -> str:
    complaint = call.complaint
    seen = complaint is not None and sees(actor, complaint)
    return (complaint.reference or "") if seen and complaint is not None else ""


@require_GET
@permission_required(Permission.CASE_REGISTER)
def list_(request: HttpRequest) -> HttpResponse:
    """Every call the agent may see."""
    return render(request, "intake/phone/calls.html", _lists(request_actor(request)))


@require_GET
@permission_required(Permission.CASE_REGISTER)
def part(request: HttpRequest) -> HttpResponse:
    """The lists alone, for a page that is open."""
    return render(request, "intake/phone/lists.html", _lists(request_actor(request)))


@require_GET
@permission_required(Permission.CASE_REGISTER)
def search(request: HttpRequest) -> HttpResponse:
    """Who may be calling: by number, name or reference."""
    query = request.GET.get("q", "").replace("\x00", "")[:200]
    call = request.GET.get("call", "")
    context = {
        "query": query,
        "found": callers.search(request_actor(request), query),
        "call": call if call.isascii() and call.isdigit() and len(call) < 19 else "",
    }
    return render(request, "intake/phone/found.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(Permission.CASE_REGISTER)
def screen(request: HttpRequest, number: int = 0) -> HttpResponse:
    """The call screen: who it is, their cases, and the note."""
    actor = request_actor(request)
    call = calls.access_call(actor, number) if number else None
    units = _units(actor)
    if request.method == "POST":
        form = CallNoteForm(request.POST, units=units)
        case = _case(actor, form.data.get("reference", ""))
        if form.is_valid():
            try:
                note = save_note(actor=actor, note=_note_of(form, call))
            except NotFound:
                raise
            except AmendsError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                return _saved(request, note)
        return _screen(request, actor, call, form, case, status=422)
    case = _case(actor, request.GET.get("case", ""))
    form = CallNoteForm(units=units, initial=_initial(call, case, units))
    return _screen(request, actor, call, form, case)


def _units(actor: Actor) -> list[tuple[str, str]]:
    units = Unit.objects.order_by("path")
    if actor.unit_ids is not None:
        units = units.filter(pk__in=actor.unit_ids)
    return [(unit.key, unit.name) for unit in units[:500]]


def _case(actor: Actor, reference: str) -> Complaint | None:
    return access_complaint(actor, reference[:40]) if reference else None


def _initial(call: PhoneCall | None, case: Complaint | None, units: list[tuple[str, str]]) -> dict[str, str]:
    values = {
        "once": secrets.token_hex(16),
        "reference": (case.reference or "") if case else "",
        "phone": call.number if call else "",
        "unit": call.unit.key if call else (units[0][0] if units else ""),
        "language": (get_language() or "en").split("-")[0],
    }
    if case is not None:
        person = case.representative or case.customer
        values |= {"name": person.name, "phone": person.phone or values["phone"], "email": person.email}
    return values


def _note_of(form: CallNoteForm, call: PhoneCall | None) -> NewCallNote:
    values = form.cleaned_data
    caller = Person(
        name=values["name"], email=values["email"], phone=values["phone"], language=values["language"] or "en"
    )
    return NewCallNote(
        once=values["once"],
        text=values["text"],
        reference=values["reference"],
        call_id=call.pk if call else None,
        unit_id=unit_by_key(values["unit"]).pk if values["unit"] else None,
        caller=caller,
        product=values["product"],
        order=values["order"],
        points=lines_of(values["points"]),
        confirmed=values["confirmed"],
        wish=values["wish"],
        call_back=values["call_back"],
        steps=lines_of(values["steps"]),
        internal=values["internal"],
    )


def _screen(
    request: HttpRequest,
    actor: Actor,
    call: PhoneCall | None,
    form: CallNoteForm,
    case: Complaint | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "call": call,
        "form": form,
        "case": case,
        "callers": callers.callers_of(actor, call.number) if call else [],
        "draft": f"call:{actor.user_id}:{call.pk if call else 'new'}:{case.reference if case else 'new'}",
    }
    return render(request, "intake/phone/screen.html", context, status=status)


def _saved(request: HttpRequest, note: CallNote) -> HttpResponse:
    reference = note.complaint.reference or ""
    if note.summary_id is None:
        words = _("Noted in %(reference)s. There is no e-mail address, so no summary goes out.")
    elif note.summary is not None and note.summary.channel == "phone":
        words = _("Noted in %(reference)s, with what you agreed. There is no e-mail address for a written summary.")
    else:
        words = _("Noted in %(reference)s. The written summary is on its way to the customer.")
    messages.success(request, words % {"reference": reference})
    actor = request_actor(request)
    context = {"note": note, "reference": reference, "draft": f"call:{actor.user_id}:"}
    return render(request, "intake/phone/saved.html", context)


@require_POST
@permission_required(Permission.CASE_WORK)
def back(request: HttpRequest, number: int) -> HttpResponse:
    """Somebody was called back."""
    if calls.called_back(actor=request_actor(request), call_id=number):
        messages.success(request, _("The call is off the list."))
    return redirect("calls")
