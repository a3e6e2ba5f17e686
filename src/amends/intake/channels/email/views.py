"""The quarantine: every mail that needs a person, with its reason, its words and its bytes."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Actor, Permission, permission_required, request_actor
from amends.core.errors import AmendsError, BadInput, Conflict, NotFound
from amends.intake.channels.email import services
from amends.intake.channels.email.figures import counts
from amends.intake.channels.email.forms import ByHandForm
from amends.intake.channels.email.model import ParsedMail
from amends.intake.channels.email.models import RawMail
from amends.intake.channels.email.parsing import parse

log = logging.getLogger(__name__)
PAGE = 50
SHOWN_CHARACTERS = 20_000


def _mail(actor: Actor, number: int) -> RawMail:
    """A mail in quarantine that this person may see."""
    rows = services.visible_quarantine(actor).defer(None)
    mail = rows.filter(pk=number).first() if number < 2**63 else None
    if mail is None:
        raise NotFound
    return mail


def _parsed(row: RawMail) -> ParsedMail | None:
    """What can be read of it; None when reading is what goes wrong, and the page must show it nevertheless."""
    try:
        return parse(bytes(row.data))
    except Exception:
        log.exception("quarantined_mail_not_read", extra={"raw_mail": row.pk})
        return None


@require_GET
@permission_required(Permission.QUARANTINE_WORK)
def quarantine(request: HttpRequest) -> HttpResponse:
    """The list, newest first, with the numbers that must add up."""
    actor = request_actor(request)
    # Mail of somebody who does not belong to a case is decided about on a page of its own.
    waiting = services.visible_quarantine(actor).exclude(strayed=True, complaint__isnull=False)
    waiting = waiting.order_by("-received_at", "-id")
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
    actor = request_actor(request)
    return _shown(request, actor, _mail(actor, number), None)


def _shown(
    request: HttpRequest, actor: Actor, row: RawMail, form: ByHandForm | None, status: int = 200
) -> HttpResponse:
    mail = _parsed(row)
    text = "" if mail is None else mail.text
    if form is None:
        sender = mail.from_ if mail else None
        known = {
            "name": sender.name if sender else "", "email": sender.address if sender else row.sender,
            "unit": row.unit_id, "subject": row.subject, "text": text[:SHOWN_CHARACTERS],
        }  # fmt: skip
        form = ByHandForm(actor=actor, initial=known)
    context = {
        "row": row, "mail": mail, "text": text[:SHOWN_CHARACTERS], "cut": len(text) > SHOWN_CHARACTERS, "form": form,
    }  # fmt: skip
    return render(request, "intake/quarantined.html", context, status=status)


@require_GET
@permission_required(Permission.QUARANTINE_WORK)
def raw(request: HttpRequest, number: int) -> HttpResponse:
    """The mail as it came, byte for byte, to keep or to look at elsewhere; never shown by the browser."""
    row = _mail(request_actor(request), number)
    headers = {"Content-Disposition": f'attachment; filename="mail-{number}.eml"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(row.data), content_type="application/octet-stream", headers=headers)


@require_POST
@permission_required(Permission.QUARANTINE_WORK)
def release(request: HttpRequest, number: int) -> HttpResponse:
    """Make a complaint of it."""
    try:
        row = services.release(actor=request_actor(request), raw_mail_id=number)
    except BadInput as refusal:
        messages.error(request, refusal.message)
        return redirect("quarantined_mail", number)
    return _now_in_case(request, row)


@require_http_methods(["POST"])
@permission_required(Permission.QUARANTINE_WORK)
def by_hand(request: HttpRequest, number: int) -> HttpResponse:
    """Register it with what a person read in it."""
    actor = request_actor(request)
    row = _mail(actor, number)
    form = ByHandForm(request.POST, actor=actor)
    if form.is_valid():
        values = form.cleaned_data
        given = services.ByHand(
            unit_id=values["unit"],
            name=values["name"],
            email=values["email"],
            subject=values["subject"],
            text=values["text"],
        )
        try:
            return _now_in_case(request, services.register_by_hand(actor=actor, raw_mail_id=number, given=given))
        except (NotFound, Conflict):
            raise
        except AmendsError as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
    return _shown(request, actor, row, form, status=422)


def _now_in_case(request: HttpRequest, row: RawMail) -> HttpResponse:
    reference = row.complaint.reference if row.complaint else ""
    messages.success(request, _("The mail is now in case %(reference)s.") % {"reference": reference})
    return redirect("quarantine")


@require_POST
@permission_required(Permission.QUARANTINE_WORK)
def again(request: HttpRequest, number: int) -> HttpResponse:
    """Read it once more."""
    services.try_again(actor=request_actor(request), raw_mail_id=number)
    messages.success(request, _("The mail is tried again; in some seconds it is in a case, or here with its reason."))
    return redirect("quarantine")


@require_POST
@permission_required(Permission.QUARANTINE_WORK)
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Take it off the list; its bytes stay."""
    services.discard(actor=request_actor(request), raw_mail_id=number)
    messages.success(request, _("The mail is no complaint. Its bytes are kept."))
    return redirect("quarantine")
