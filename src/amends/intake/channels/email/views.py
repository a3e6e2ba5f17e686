"""The quarantine: every mail that needs a person, with its reason, its words and its bytes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.core.errors import BadInput, NotFound
from amends.intake.channels.email import services
from amends.intake.channels.email.figures import counts
from amends.intake.channels.email.models import MailState, RawMail
from amends.intake.channels.email.parsing import parse

PAGE = 50
SHOWN_CHARACTERS = 20_000


def _mail(number: int) -> RawMail:
    mail = RawMail.objects.filter(pk=number, state=MailState.QUARANTINED).first() if number < 2**63 else None
    if mail is None:
        raise NotFound
    return mail


@require_GET
@permission_required(Permission.QUARANTINE_WORK)
def quarantine(request: HttpRequest) -> HttpResponse:
    """The list, newest first, with the numbers that must add up."""
    waiting = RawMail.objects.filter(state=MailState.QUARANTINED).defer("data").order_by("-received_at", "-id")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        waiting = waiting.filter(pk__lt=int(before)).order_by("-id")
    found = list(waiting[: PAGE + 1])
    context = {"mails": found[:PAGE], "older": found[PAGE - 1].pk if len(found) > PAGE else None, "counts": counts()}
    return render(request, "intake/quarantine.html", context)


@require_GET
@permission_required(Permission.QUARANTINE_WORK)
def quarantined(request: HttpRequest, number: int) -> HttpResponse:
    """One mail: why it is here, what it says, what came with it."""
    row = _mail(number)
    mail = parse(bytes(row.data))
    context = {"row": row, "mail": mail, "text": mail.text[:SHOWN_CHARACTERS], "cut": len(mail.text) > SHOWN_CHARACTERS}
    return render(request, "intake/quarantined.html", context)


@require_GET
@permission_required(Permission.QUARANTINE_WORK)
def raw(request: HttpRequest, number: int) -> HttpResponse:
    """The mail as it came, byte for byte, to keep or to look at elsewhere; never shown by the browser."""
    del request
    headers = {"Content-Disposition": f'attachment; filename="mail-{number}.eml"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(_mail(number).data), content_type="application/octet-stream", headers=headers)


@require_POST
@permission_required(Permission.QUARANTINE_WORK)
def release(request: HttpRequest, number: int) -> HttpResponse:
    """Make a complaint of it."""
    try:
        row = services.release(actor=request_actor(request), raw_mail_id=number)
    except BadInput as refusal:
        messages.error(request, refusal.message)
        return redirect("quarantined_mail", number)
    reference = row.complaint.reference if row.complaint else ""
    messages.success(request, _("The mail is now in case %(reference)s.") % {"reference": reference})
    return redirect("quarantine")


@require_POST
@permission_required(Permission.QUARANTINE_WORK)
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Take it off the list; its bytes stay."""
    services.discard(actor=request_actor(request), raw_mail_id=number)
    messages.success(request, _("The mail is discarded. Its bytes are kept."))
    return redirect("quarantine")
