"""The pages of handling: writing a proposal, and the ledger of promises."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from amends.accounts.public import Permission, permission_required, request_actor, unit_settings
from amends.cases.public import Complaint, access_complaint
from amends.core import clock
from amends.core.errors import AmendsError, NotFound
from amends.handling import wording
from amends.handling.rules import ProposalState
from amends.handling.selectors.promises import VIEWS, ledger, promise_rate
from amends.handling.selectors.proposals import open_proposal_of, similar_cases
from amends.handling.services.proposals import draft_proposal
from amends.handling.web.forms import ProposalForms

RATE_DAYS = 90
MORE_ROWS = 2


@permission_required(Permission.CASE_WORK)
def proposal_write(request: HttpRequest, reference: str) -> HttpResponse:
    """Write a proposal, or go on with the draft."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    if request.method == "POST":
        return _save(request, complaint)
    current = open_proposal_of(complaint)
    draft = current if current is not None and current.proposal.state == ProposalState.DRAFT else None
    forms = ProposalForms(draft=draft, currency=unit_settings(complaint.unit_id).currency)
    return _page(request, complaint, forms)


def _save(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    more = MORE_ROWS if "more" in request.POST else 0
    forms = ProposalForms(request.POST, more=more)
    if more or not forms.is_valid():
        return _page(request, complaint, forms, status=200 if more else 422)
    try:
        draft_proposal(actor=request_actor(request), complaint_id=complaint.pk, **forms.values())
    except AmendsError as error:
        return _page(request, complaint, forms, refusal=error.message, status=error.status)
    return HttpResponseRedirect(f"/cases/{complaint.reference}/#panel-proposal")


def _page(
    request: HttpRequest, complaint: Complaint, forms: ProposalForms, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    similar = similar_cases(request_actor(request), complaint)
    context = {
        "area": "queue",
        "complaint": complaint,
        "forms": forms,
        "refusal": refusal,
        "similar": similar,
        "kinds": [(wording.remedy_label(kind), count) for kind, count in similar.kinds],
        "spreads": [
            (
                one,
                wording.money(one.lowest, one.currency),
                wording.money(one.middle, one.currency),
                wording.money(one.highest, one.currency),
            )
            for one in similar.spreads
        ],
        "latest": [
            (
                one.reference,
                [wording.remedy_label(kind) for kind in one.kinds],
                [wording.money(a, c) for c, a in one.amounts.items()],
            )
            for one in similar.latest
        ],
    }
    return render(request, "handling/proposal_write.html", context, status=status)


@permission_required(Permission.CASE_VIEW)
def promise_ledger(request: HttpRequest, view: str = "running") -> HttpResponse:
    """Every promise: what is to be kept, what was not, and the rate."""
    if view not in VIEWS:
        raise NotFound
    actor = request_actor(request)
    found = ledger(actor, view, after=request.GET.get("after", ""))
    rate = promise_rate(actor, since=clock.now() - timedelta(days=RATE_DAYS))
    shares = [
        (_("kept on the day promised"), rate.kept, rate.share(rate.kept)),
        (_("delay explained in time"), rate.explained, rate.share(rate.explained)),
        (_("broken"), rate.broken, rate.share(rate.broken)),
    ]
    good = rate.share(rate.kept + rate.explained)
    context = {
        "area": "promises",
        "good": None if good is None else round(100 * good),
        "view": view,
        "views": [(key, title, reverse("handling:ledger", kwargs={"view": key})) for key, title in _titles()],
        "promises": [(one, wording.days(one)) for one in found.promises],
        "older": found.older,
        "rate": rate,
        "shares": [(label, count, None if share is None else round(100 * share)) for label, count, share in shares],
        "rate_days": RATE_DAYS,
    }
    return render(request, "handling/ledger.html", context)


def _titles() -> list[tuple[str, str]]:
    return [("running", _("To be kept")), ("broken", _("Broken")), ("done", _("Kept or explained"))]
