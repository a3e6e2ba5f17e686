"""Writing to the customer: send now or at a time, call back, send again, let go."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from amends.accounts.public import Actor, Permission, permission_required, request_actor, unit_settings
from amends.cases import public as cases
from amends.core.errors import BadInput, Conflict, NotFound
from amends.workspace.web.views.actions import back
from amends.workspace.web.views.case import draw_case


def _planned(request: HttpRequest, complaint: cases.Complaint) -> datetime | None:
    """The time to send at, in the time zone of the case; None for now.

    Raises:
        BadInput: it is no time.
    """
    value = str(request.POST.get("send_at", "")).strip()
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value[:25])
    except ValueError:
        raise BadInput(_("Write the time as a date and an hour."), field="send_at") from None
    zone = ZoneInfo(unit_settings(complaint.unit_id).timezone)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _seen(request: HttpRequest) -> int | None:
    value = str(request.POST.get("seen", ""))
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


@permission_required(Permission.CASE_WORK)
@require_POST
def reply(request: HttpRequest, reference: str) -> HttpResponse:
    """Write to the customer. When they wrote in the meantime, nothing is sent and nothing of the words is lost."""
    actor = request_actor(request)
    complaint = cases.access_complaint(actor, reference)
    text = str(request.POST.get("text", ""))
    planned = _planned(request, complaint)
    try:
        cases.reply(
            actor=actor,
            complaint_id=complaint.pk,
            text=text,
            send_at=planned,
            unless_customer_writes=request.POST.get("unless_written") == "yes",
            seen=_seen(request),
        )
    except cases.CustomerWroteError as refused:
        return draw_case(request, actor, complaint, draft=text, warning=refused.message, status=409)
    if planned is None:
        messages.success(request, _("Your reply is on its way. Until it leaves you can call it back."))
    else:
        local = planned.astimezone(ZoneInfo(unit_settings(complaint.unit_id).timezone))
        messages.success(request, _("Your reply leaves on %(when)s.") % {"when": date_format(local, "DATETIME_FORMAT")})
    return back(request, complaint)


def _message(actor: Actor, reference: str, message_id: int) -> tuple[cases.Complaint, cases.Message]:
    """An outgoing message of this case.

    Raises:
        NotFound: there is none, or the case is not theirs.
    """
    complaint = cases.access_complaint(actor, reference)
    message = cases.Message.objects.filter(pk=message_id, complaint=complaint, direction="out").first()
    if message is None:
        raise NotFound
    return complaint, message


@permission_required(Permission.CASE_WORK)
@require_POST
def call_back(request: HttpRequest, reference: str, message_id: int) -> HttpResponse:
    """Stop a message that has not left yet; a person's words come back into the composer."""
    actor = request_actor(request)
    complaint, message = _message(actor, reference, message_id)
    if not cases.cancel_message(actor=actor, message_id=message_id):
        raise Conflict(_("The message has left already. Write to the customer what was wrong with it."))
    messages.success(request, _("The message was called back. The customer does not get it."))
    return back(request, complaint, draft=message_id if message.author_id else None)


@permission_required(Permission.CASE_WORK)
@require_POST
def send_again(request: HttpRequest, reference: str, message_id: int) -> HttpResponse:
    """Send a message again that failed or came back."""
    actor = request_actor(request)
    complaint, _message_again = _message(actor, reference, message_id)
    cases.retry_message(actor=actor, message_id=message_id)
    messages.success(request, _("The message is sent again."))
    return back(request, complaint)


@permission_required(Permission.CASE_WORK)
@require_POST
def let_go(request: HttpRequest, reference: str, message_id: int) -> HttpResponse:
    """Send a message at once that is held back or planned for later."""
    actor = request_actor(request)
    complaint, _message_now = _message(actor, reference, message_id)
    cases.send_anyway(actor=actor, message_id=message_id)
    messages.success(request, _("The message goes now."))
    return back(request, complaint)
