"""The page of the simulation: the load that a rule set would bring to people and teams."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from amends.accounts.public import Permission, permission_required, request_actor
from amends.routing import rulesets
from amends.routing.replay import replay

PERIODS = (7, 30, 90)


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def simulation(request: HttpRequest) -> HttpResponse:
    """The draft, or the rules in force where there is none, over the cases of the last days."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in PERIODS} else 30
    draft = rulesets.draft()
    shown = draft if draft and request.GET.get("rules") != "active" else rulesets.active_version()
    outcome = replay(actor=request_actor(request), rules=rulesets.rules_of(shown), days=days)
    most = max((one.cases for _name, one in outcome.people), default=0) or 1
    bars = [
        {"name": name, "cases": one.cases, "width": round(100 * one.cases / most, 1)}
        for name, one in outcome.people[:20]
    ]
    context = {
        "replay": outcome,
        "days": days,
        "periods": PERIODS,
        "draft": draft,
        "shows_draft": shown is not None and shown == draft,
        "bars": bars,
        "busiest": outcome.people[0] if outcome.people else None,
    }
    return render(request, "routing/simulation.html", context)
