"""The pages of the rule packs: what there is, what each says, and what would be due when."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from amends.accounts.public import Actor, Permission, Unit, permission_required, request_actor, root_unit, unit_settings
from amends.cases.public import visible_complaints
from amends.clocks.configured import usable_packs
from amends.clocks.models import Clock
from amends.clocks.rulepack import RulePack
from amends.clocks.selectors import letter_words
from amends.clocks.sentences import calendar_words, clock_words, retention_words, said, unconfirmed_words
from amends.clocks.web.calculator import CalculatorForm
from amends.core.errors import NotFound

DEFAULT = "house"
"""What counts where neither a unit nor one above it names any rules."""


@require_GET
@permission_required(Permission.CASE_VIEW)
def packs(request: HttpRequest) -> HttpResponse:
    """Every pack with what it is for, who counts by it, and how much of it is not confirmed."""
    known, actor = usable_packs(), request_actor(request)
    listed = [
        {
            "key": pack.key,
            "version": pack.version,
            "title": said(pack.title),
            "scope": said(pack.scope),
            "units": units_with(actor, pack.key),
            "unconfirmed": len(unconfirmed_words(pack)),
        }
        for pack in known.packs.values()
    ]
    listed.sort(key=lambda one: not one["units"])
    return render(request, "clocks/packs.html", {"packs": listed, "problems": known.problems})


@require_GET
@permission_required(Permission.CASE_VIEW)
def pack(request: HttpRequest, key: str) -> HttpResponse:
    """One pack in words; with `?received=…` what would be due, and why then."""
    known, actor = usable_packs(), request_actor(request)
    found = known.packs.get(key)
    if found is None:
        raise NotFound
    asked = "received" in request.GET
    form = CalculatorForm(request.GET if asked else None, pack=found, place=unit_settings(root_unit().pk))
    context = pack_context(found) | {
        "form": form,
        "units": units_with(actor, key),
        "default": key == DEFAULT,
        "versions": versions_running(actor, key),
        "others": [(one.key, said(one.title)) for one in known.packs.values()],
        "problems": known.problems,
    }
    if asked and form.is_valid():
        try:
            context["answers"] = form.answers()
        except ValueError as wrong:
            form.add_error(None, f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.")
    return render(request, "clocks/pack.html", context, status=400 if form.errors else 200)


def pack_context(pack: RulePack) -> dict[str, Any]:
    """What a pack says, in words."""
    scope = pack.applies_to
    return {
        "pack": pack,
        "title": said(pack.title),
        "scope": said(pack.scope),
        "limits": [
            [one.replace("_", " ") for one in some]
            for some in (scope.products, scope.jurisdictions, scope.complainants, scope.aspects)
            if some
        ],
        "calendar": calendar_words(pack),
        "clocks": [clock_words(pack, rule) for rule in pack.clocks],
        "letters": [
            {
                "name": letter_words(one.letter),
                "when": said(one.when),
                "must_say": [said(words) for words in one.must_say],
                "source": one.source,
                "unconfirmed": one.certainty == "unconfirmed",
            }
            for one in pack.letters
        ],
        "retention": retention_words(pack),
        "fields": [one.replace("_", " ") for one in pack.required_fields],
        "unconfirmed": unconfirmed_words(pack),
    }


def units_with(actor: Actor, key: str) -> list[str]:
    """The units that name the pack in their settings and that the actor sees; those below them inherit it (1 query)."""
    found = Unit.objects.filter(rule_packs__contains=[key]).order_by("path")
    return [unit.name for unit in found if actor.sees_unit(unit.pk)]


def versions_running(actor: Actor, key: str) -> list[Any]:
    """How many clocks of cases the actor sees run by which version of the pack, newest first (1 query)."""
    running = Clock.objects.filter(pack=key, stopped_at=None, complaint__in=visible_complaints(actor))
    return list(running.values("pack_version").annotate(number=Count("id")).order_by("-pack_version"))
