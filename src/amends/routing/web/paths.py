"""The ways up of the units: read as sentences, and changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from amends.accounts.public import Actor, Permission, Unit, permission_required, request_actor
from amends.core.errors import AmendsError, NotFound
from amends.core.text import clean_line
from amends.routing.models import DeskChange
from amends.routing.paths import set_path
from amends.routing.ways import TIERS, Ways, teams_without_way, ways_for
from amends.routing.web.desk_forms import add_refusal
from amends.routing.web.desk_words import change_lines


class PathForm(forms.Form):
    """The team of each tier; empty inherits."""

    reason = forms.CharField(label=gettext_lazy("Why"), max_length=2000, required=False)

    def __init__(self, data: Any = None, *, unit: Unit, ways: Ways) -> None:
        """The form for a unit as it is now."""
        own = ways.own.get(unit.pk, {})
        super().__init__(data, initial={f"tier_{tier}": team for tier, team in own.items()})
        inherited = {one.tier: one.name for one in ways.way(unit, {unit.pk: {}}).steps}
        for tier in TIERS:
            above = _("as above: %(team)s") % {"team": inherited[tier]} if tier in inherited else _("nobody")
            choices = [
                (one.pk, _("%(team)s (tier %(tier)s)") % {"team": one.name, "tier": one.tier})
                for one in ways.teams.values()
            ]
            self.fields[f"tier_{tier}"] = forms.TypedChoiceField(
                label=_("Tier %(tier)s") % {"tier": tier}, coerce=int, empty_value=None, required=False,
                choices=[("", above), *choices],
            )  # fmt: skip
        self.order_fields([*(f"tier_{tier}" for tier in TIERS), "reason"])

    def save(self, *, actor: Actor, unit: Unit) -> bool:
        """Do it, or say what is wrong in the form; whether it is done."""
        given = self.cleaned_data
        teams = {tier: given[f"tier_{tier}"] for tier in TIERS if given[f"tier_{tier}"] is not None}
        try:
            set_path(actor=actor, unit_id=unit.pk, teams=teams, reason=given["reason"])
        except AmendsError as refused:
            add_refusal(self, refused)
            return False
        return True


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def paths(request: HttpRequest) -> HttpResponse:
    """Every unit with its way up as a sentence, and what is wrong with it."""
    changes = DeskChange.objects.filter(unit__isnull=False, changes__0__field="path").select_related("unit")
    context = {
        "ways": ways_for(request_actor(request)),
        "lost": teams_without_way(),
        "changes": change_lines(changes.order_by("-at", "-id")[:20]),
        "area": "escalation_paths",
    }
    return render(request, "routing/paths.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def path(request: HttpRequest, unit_key: str) -> HttpResponse:
    """The form of one unit's way up."""
    actor = request_actor(request)
    unit = Unit.objects.filter(key=clean_line(unit_key)[:80]).first()
    if unit is None or not actor.sees_unit(unit.pk):
        raise NotFound
    ways = Ways()
    form = PathForm(request.POST if request.method == "POST" else None, unit=unit, ways=ways)
    if request.method == "POST" and form.is_valid() and form.save(actor=actor, unit=unit):
        messages.success(request, _("Saved: the way up from %(unit)s.") % {"unit": unit.name})
        return redirect("escalation_paths")
    context = {"form": form, "unit": unit, "way": ways.way(unit), "area": "escalation_paths"}
    return render(request, "routing/path.html", context, status=422 if form.errors else 200)
