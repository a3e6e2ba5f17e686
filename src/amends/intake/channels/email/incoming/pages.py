"""The staff's pages of incoming mail: is any missing, and the mailboxes that are read."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.core.errors import AmendsError, NotFound
from amends.intake.channels.email.forms import MailboxForm
from amends.intake.channels.email.incoming import mailboxes
from amends.intake.channels.email.tally import mail_health


@require_GET
@permission_required(Permission.QUARANTINE_WORK)
def health(request: HttpRequest) -> HttpResponse:
    """Is any mail missing, late or not fetched? The numbers, and what to do when they are wrong."""
    actor = request_actor(request)
    context = {
        "health": mail_health(),
        "mailboxes": mailboxes.mailboxes_for(actor),
        "may_change": actor.can(Permission.SETTINGS_CHANGE),
    }
    return render(request, "intake/email/health.html", context)


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def list_(request: HttpRequest) -> HttpResponse:
    """The mailboxes, with when each was read last and what went wrong."""
    context = {"mailboxes": mailboxes.mailboxes_for(request_actor(request))}
    return render(request, "intake/email/mailboxes.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def edit(request: HttpRequest, number: int = 0) -> HttpResponse:
    """Add a mailbox, or change one."""
    actor = request_actor(request)
    mailbox = mailboxes.mailbox_of(actor, number) if number else None
    form = MailboxForm(request.POST or None, actor=actor, mailbox=mailbox)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                if mailbox is None:
                    saved = mailboxes.add_mailbox(actor=actor, values=form.cleaned_data)
                else:
                    saved = mailboxes.change_mailbox(actor=actor, mailbox_id=mailbox.pk, values=form.cleaned_data)
            except NotFound:
                raise
            except AmendsError as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
            else:
                messages.success(
                    request, _("“%(name)s” is saved. Reading begins within seconds.") % {"name": saved.name}
                )
                return redirect("mailboxes")
    return render(request, "intake/email/mailbox.html", {"form": form, "mailbox": mailbox}, status=status)


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def try_out(request: HttpRequest, number: int) -> HttpResponse:
    """Connect once, and say what came of it."""
    actor = request_actor(request)
    mailbox = mailboxes.mailbox_of(actor, number)
    found = mailboxes.try_out(actor=actor, mailbox_id=number)
    if found.works:
        words = _("“%(name)s” answers; there are %(count)d messages in the folder.")
        messages.success(request, words % {"name": mailbox.name, "count": found.messages})
    else:
        messages.error(request, f"“{mailbox.name}”: {found.sentence}")
    return redirect("mailboxes")
