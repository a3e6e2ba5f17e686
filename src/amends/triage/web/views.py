"""The form of the assessment panel."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint, panel_response
from amends.triage import services
from amends.triage.web.panels import FLAGS, PANEL


@require_POST
@permission_required(Permission.CASE_WORK)
def correct(request: HttpRequest, reference: str) -> HttpResponse:
    """Set the assessment right."""
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    services.correct(actor=actor, complaint_id=complaint.pk, values=_values(request.POST))
    return panel_response(request, reference, PANEL)


def _values(form: QueryDict) -> dict[str, Any]:
    """Read the form. A box that is not ticked is not sent, so the form says with `flags` that it had the boxes."""
    values: dict[str, Any] = {name: form[name] for name in ("language", "label", "category") if form.get(name)}
    severity = form.get("severity", "")
    if severity:
        # Anything but one digit cannot be a severity; 0 makes the service say so in its own sentence.
        values["severity"] = int(severity) if severity in {"1", "2", "3", "4"} else 0
    if "flags" in form:
        values |= {name: name in form for name, _ in FLAGS}
    return values
