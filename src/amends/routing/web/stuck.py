"""The page of the stuck cases."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from amends.accounts.public import Permission, permission_required, request_actor
from amends.routing.stuck import reason_words, stuck_cases
from amends.routing.stuck_rules import read_thresholds

A_PAGE = 50


@require_GET
@permission_required(Permission.CASE_VIEW)
def stuck(request: HttpRequest) -> HttpResponse:
    """One's own stuck cases, and for leads all that they see, by their reasons."""
    words = reason_words()
    found = stuck_cases(actor=request_actor(request))
    asked = request.GET.get("why", "")
    shown = [one for one in found if asked not in words or asked in one.reasons]
    page = Paginator(shown, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "total": len(found),
        "page": page,
        "rows": [(one, [words[why] for why in one.reasons]) for one in page],
        "filters": [(why, said, sum(1 for one in found if why in one.reasons)) for why, said in words.items()],
        "asked": asked if asked in words else "",
        "limits": read_thresholds(),
    }
    return render(request, "routing/stuck.html", context)
