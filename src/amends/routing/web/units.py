"""When the units work: opening hours, time zone and closed days, in one place."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Actor, Permission, Unit, permission_required, request_actor
from amends.clocks.public import Closure, add_closure, remove_closure
from amends.core import clock
from amends.core.errors import AmendsError, NotFound
from amends.routing.models import DeskChange
from amends.routing.unit_times import access_unit, set_unit_times, times_of_units
from amends.routing.web.desk_forms import add_refusal
from amends.routing.web.desk_words import change_lines
from amends.routing.web.week_form import WeekForm


class UnitForm(WeekForm):
    """A unit's own hours and time zone."""

    above = gettext_lazy("as the unit above")
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=2000, required=False)

    def __init__(self, data: Any = None, *, unit: Unit) -> None:
        """The form for a unit as it is now."""
        super().__init__(data, hours=unit.hours, timezone=unit.timezone)

    def save(self, *, actor: Actor, unit: Unit) -> bool:
        """Do it, or say what is wrong in the form; whether it is done."""
        given = {name: self.cleaned_data[name] for name in ("hours", "timezone", "reason")}
        try:
            set_unit_times(actor=actor, unit_key=unit.key, **given)
        except AmendsError as refused:
            add_refusal(self, refused)
            return False
        return True


class ClosureForm(forms.Form):
    """Days on which a unit does not work, both included."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("Such as stocktaking."))
    first = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))
    last = forms.DateField(label=gettext_lazy("Last day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))

    def save(self, *, actor: Actor, unit: Unit) -> bool:
        """Do it, or say what is wrong in the form; whether it is done."""
        try:
            add_closure(actor=actor, unit_key=unit.key, **self.cleaned_data)
        except AmendsError as refused:
            add_refusal(self, refused)
            return False
        return True


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def units(request: HttpRequest) -> HttpResponse:
    """Every unit with its hours, its zone and its closed days."""
    found = times_of_units(actor=request_actor(request), now=clock.now())
    return render(request, "routing/units.html", {"times": found, "area": "unit_times"})


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def unit(request: HttpRequest, unit_key: str) -> HttpResponse:
    """One unit: its hours and its closed days."""
    actor = request_actor(request)
    one = access_unit(actor, unit_key)
    closing = request.method == "POST" and request.POST.get("what") == "closure"
    changing = request.method == "POST" and not closing
    form = UnitForm(request.POST if changing else None, unit=one)
    closure = ClosureForm(request.POST if closing else None, prefix="closure")
    if changing and form.is_valid() and form.save(actor=actor, unit=one):
        return _done(request, one, _("Saved: when %(unit)s works.") % {"unit": one.name})
    if closing and closure.is_valid() and closure.save(actor=actor, unit=one):
        return _done(request, one, _("Saved: the closed days. Open complaints are counted anew."))
    changes = DeskChange.objects.filter(unit=one).exclude(changes__0__field="path").select_related("unit")
    context = {
        "unit": one,
        "times": next(found for found in times_of_units(actor=actor, now=clock.now()) if found.unit.pk == one.pk),
        "form": form,
        "closure": closure,
        "changes": change_lines(changes.order_by("-at", "-id")[:20]),
        "area": "unit_times",
    }
    return render(request, "routing/unit.html", context, status=422 if form.errors or closure.errors else 200)


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def open_again(request: HttpRequest, unit_key: str, closure_id: int) -> HttpResponse:
    """Take closed days back."""
    actor = request_actor(request)
    one = access_unit(actor, unit_key)
    if not 0 < closure_id < 2**63 or not Closure.objects.filter(pk=closure_id, unit=one).exists():
        raise NotFound
    remove_closure(actor=actor, closure_id=closure_id)
    return _done(request, one, _("The unit works on these days again. Open complaints are counted anew."))


def _done(request: HttpRequest, one: Unit, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("unit_hours", unit_key=one.key)
