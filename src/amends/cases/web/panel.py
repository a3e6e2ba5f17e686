"""The answer of every form in a panel: the panel drawn again, or back to the case without htmx."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from amends.accounts.public import Actor, request_actor
from amends.cases.models import Complaint
from amends.cases.policy import access_complaint
from amends.core.errors import NotFound
from amends.core.panels import Panel, panels


def drawn_panel(request: HttpRequest, actor: Actor, complaint: Complaint, key: str) -> tuple[Panel, str]:
    """Panel `key` of this case, and its HTML as it is now.

    Raises:
        NotFound: there is no such panel, or it is not for this actor.
    """
    panel = panels.get(key)
    if panel is None or not actor.can(panel.permission):
        raise NotFound
    context = {"actor": actor, "complaint": complaint, "panel": panel, **panel.context(actor, complaint)}
    return panel, render_to_string(panel.template, context, request=request)


def panel_response(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """Panel `key` of the case as it is now, for htmx; else a redirect to the case's page.

    Raises:
        NotFound: there is no such panel, or it is not for this actor.
    """
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"/cases/{complaint.reference}/")
    return HttpResponse(drawn_panel(request, actor, complaint, key)[1])
