"""The answer of every form in a panel: the panel drawn again, or back to the case without htmx."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string

from amends.accounts.public import request_actor
from amends.cases.policy import access_complaint
from amends.core.errors import NotFound
from amends.core.panels import panels


def panel_response(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """Panel `key` of the case as it is now, for htmx; else a redirect to the case's page.

    Raises:
        NotFound: there is no such panel, or it is not for this actor.
    """
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    panel = panels.get(key)
    if panel is None or not actor.can(panel.permission):
        raise NotFound
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"/cases/{complaint.reference}/")
    context = {"actor": actor, "complaint": complaint, "panel": panel, **panel.context(actor, complaint)}
    return HttpResponse(render_to_string(panel.template, context, request=request))
