"""Mail from somebody who does not belong to the case it names; and the bytes of a case's mail."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.cases.public import access_complaint
from amends.core.errors import NotFound
from amends.intake.channels.email.models import MailOutcome, RawMail
from amends.intake.channels.email.parsing import parse
from amends.intake.channels.mailroom import services

PAGE = 50
SHOWN_CHARACTERS = 20_000


@require_GET
@permission_required(Permission.CASE_WORK)
def others(request: HttpRequest) -> HttpResponse:
    """The list, newest first."""
    waiting = services.waiting(request_actor(request))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        waiting = waiting.filter(pk__lt=int(before))
    found = list(waiting[: PAGE + 1])
    context = {"mails": found[:PAGE], "older": found[PAGE - 1].pk if len(found) > PAGE else None}
    return render(request, "intake/mailroom/others.html", context)


@require_GET
@permission_required(Permission.CASE_WORK)
def other(request: HttpRequest, number: int) -> HttpResponse:
    """One mail: which case it names, who wrote it, what it says, and what may become of it."""
    row = services.access_waiting(request_actor(request), number)
    mail = parse(bytes(row.data))
    context = {
        "row": row,
        "mail": mail,
        "case": row.complaint,
        "text": mail.text[:SHOWN_CHARACTERS],
        "cut": len(mail.text) > SHOWN_CHARACTERS,
        "may_represent": row.complaint is not None and row.complaint.representative_id is None,
    }
    return render(request, "intake/mailroom/other.html", context)


@require_POST
@permission_required(Permission.CASE_WORK)
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Carry out the decision."""
    row = services.decide(
        actor=request_actor(request), raw_mail_id=number, decision=str(request.POST.get("decision", ""))
    )
    if row.outcome == MailOutcome.DISCARDED:
        messages.success(request, _("The mail is discarded. Its bytes are kept."))
    else:
        reference = row.complaint.reference if row.complaint else ""
        messages.success(request, _("The mail is now in case %(reference)s.") % {"reference": reference})
    return redirect("mail_others")


def _bytes(data: bytes, number: int) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="mail-{number}.eml"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(data, content_type="application/octet-stream", headers=headers)


@require_GET
@permission_required(Permission.CASE_WORK)
def other_raw(request: HttpRequest, number: int) -> HttpResponse:
    """The mail as it came, byte for byte; never shown by the browser."""
    return _bytes(bytes(services.access_waiting(request_actor(request), number).data), number)


@require_GET
@permission_required(Permission.CASE_VIEW)
def case_raw(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """A mail of a case as it came, byte for byte, for everybody who may see the case."""
    complaint = access_complaint(request_actor(request), reference)
    row = RawMail.objects.filter(pk=number, complaint=complaint).first() if number < 2**63 else None
    if row is None:
        raise NotFound
    return _bytes(bytes(row.data), number)
