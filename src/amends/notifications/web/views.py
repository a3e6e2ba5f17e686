"""Answering an alert, by button or link, and saying how one wants to be told."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from amends.accounts.public import Permission, User, permission_required, public_page, request_actor
from amends.core import clock
from amends.core.errors import AmendsError, BadInput
from amends.notifications import alerts
from amends.notifications import wishes as verbs
from amends.notifications.models import StandIn, Wishes
from amends.notifications.outside import OutsideFileError, outside


@require_http_methods(["GET", "POST"])
@public_page
def answer_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of an e-mail. Opening it changes nothing, because programs open links too; the button on it does."""
    notification = alerts.notification_of(token)
    done = request.method == "POST" and alerts.answer_by_link(token=token)
    notification = alerts.notification_of(token)
    with translation.override(notification.user.language):
        response = render(
            request,
            "notifications/answer.html",
            {
                "notification": notification,
                "alert": notification.alert,
                "done": done,
                "language": notification.user.language,
            },
        )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@require_POST
@permission_required(Permission.CASE_VIEW)
def answer_alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """The button beside an alert."""
    alerts.answer(actor=request_actor(request), alert_id=alert_id)
    if request.headers.get("HX-Request"):
        response = redirect("workspace:alerts")
        response.headers["HX-Trigger"] = "alerts-seen"
        return response
    return redirect("workspace:home")


@require_http_methods(["GET", "POST"])
@permission_required(Permission.CASE_VIEW)
def wishes(request: HttpRequest) -> HttpResponse:
    """How one wants to be told, and absences."""
    actor = request_actor(request)
    if request.method == "POST":
        try:
            verbs.set_wishes(
                actor=actor,
                by_email=request.POST.get("by_email", ""),
                services=request.POST.getlist("services"),
                quiet_from=_time(request.POST.get("quiet_from", ""), "quiet_from"),
                quiet_until=_time(request.POST.get("quiet_until", ""), "quiet_until"),
                timezone=request.POST.get("timezone", "").strip(),
            )
        except AmendsError as error:
            return _page(request, error)
        messages.success(request, _("Saved."))
        return redirect("notifications:wishes")
    return _page(request, None)


@require_POST
@permission_required(Permission.CASE_VIEW)
def away(request: HttpRequest) -> HttpResponse:
    """Say when one is away and who stands in."""
    try:
        stand_in = request.POST.get("stand_in", "")
        verbs.be_away(
            actor=request_actor(request),
            stand_in_id=int(stand_in) if stand_in.isascii() and stand_in.isdigit() and len(stand_in) < 10 else 0,
            first=_moment(request.POST.get("first", ""), "first"),
            last=_moment(request.POST.get("last", ""), "last"),
        )
    except AmendsError as error:
        return _page(request, error)
    messages.success(request, _("Saved."))
    return redirect("notifications:wishes")


@require_POST
@permission_required(Permission.CASE_VIEW)
def back(request: HttpRequest, absence_id: int) -> HttpResponse:
    """One is back earlier."""
    verbs.be_back(actor=request_actor(request), absence_id=absence_id)
    return redirect("notifications:wishes")


def _page(request: HttpRequest, error: AmendsError | None) -> HttpResponse:
    user_id = request_actor(request).user_id or 0
    try:
        services = sorted(outside().services)
    except OutsideFileError:
        services = []  # `amends doctor` says what is wrong with the file
    context = {
        "wish": Wishes.objects.filter(user_id=user_id).first() or Wishes(user_id=user_id),
        "services": services,
        "absences": StandIn.objects.filter(user_id=user_id, last__gt=clock.now())
        .select_related("stand_in")
        .order_by("first"),
        "colleagues": User.objects.filter(is_active=True).exclude(pk=user_id).order_by("name"),
        "error": error,
        "zone": settings.AMENDS_TIME_ZONE,
    }
    return render(request, "notifications/wishes.html", context, status=error.status if error else 200)


def _time(written: str, field: str) -> time | None:
    if not written:
        return None
    try:
        return time.fromisoformat(written)
    except ValueError:
        raise BadInput(_("Write a time such as 18:30."), field=field) from None


def _moment(written: str, field: str) -> datetime:
    try:
        return datetime.fromisoformat(written).replace(tzinfo=ZoneInfo(settings.AMENDS_TIME_ZONE))
    except ValueError:
        raise BadInput(_("Write a day and a time."), field=field) from None
