"""The page of the criteria by which cases go up: as sentences, with how often each fired, tried on past cases."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from amends.accounts.public import Permission, permission_required, request_actor
from amends.routing.configured import criteria_file, criteria_in_force, criteria_problem
from amends.routing.criteria import fired_lately, try_on_past
from amends.routing.criteria_rules import BUILT_IN

DAYS = 90


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def criteria(request: HttpRequest) -> HttpResponse:
    """The rules in force; with `?try=1` what they would have done with the newest cases."""
    rules, counts = criteria_in_force(), fired_lately(days=DAYS)
    words = did_words()
    context: dict[str, Any] = {
        "rules": [(one, _did(counts.get(one.key, {}), words)) for one in rules.rule],
        "gone": sum(sum(did.values()) for key, did in counts.items() if key not in {one.key for one in rules.rule}),
        "criteria": rules,
        "minutes": list(enumerate(rules.handoff_minutes, start=1)),
        "words": [
            (name, [(code, ", ".join(said)) for code, said in lists.items()]) for name, lists in rules.words.items()
        ],
        "days": DAYS,
        "problem": criteria_problem(),
        "own": criteria_file() != BUILT_IN,
        "file": criteria_file(),
    }
    if request.GET.get("try"):
        trial = try_on_past(actor=request_actor(request), criteria=rules)
        context["trial"] = trial
        context["trial_rules"] = [
            (one.sentence(), trial.by_rule[one.key]) for one in rules.rule if trial.by_rule[one.key]
        ]
    return render(request, "routing/criteria.html", context)


def did_words() -> dict[str, str]:
    """What a rule did, for people."""
    return {
        "alerted": _("alerted"),
        "escalated": _("escalated"),
        "proposed": _("asked the owner"),
        "letter": _("proposed a letter"),
        "nothing": _("found it done already"),
    }


def _did(counts: dict[str, int], words: dict[str, str]) -> str:
    return ", ".join(f"{counts[did]} {said}" for did, said in words.items() if counts.get(did))
