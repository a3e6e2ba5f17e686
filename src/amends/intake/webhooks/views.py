"""The address that others send to, and the list of deliveries that need a person."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Permission, permission_required, public_page, request_actor
from amends.intake.webhooks import services
from amends.intake.webhooks.mapping import MappingError
from amends.intake.webhooks.models import DeliveryState, Webhook
from amends.intake.webhooks.signatures import BadSignatureError

PAGE_SIZE = 50
SHOWN_CHARACTERS = 4_000


def _problem(status: int, detail: str) -> JsonResponse:
    body = {"type": "about:blank", "title": "Not accepted", "status": status, "detail": detail}
    return JsonResponse(body, status=status, content_type="application/problem+json")


@public_page
@csrf_exempt  # programs send here; the signature is checked instead
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, key: str) -> HttpResponse:
    """Take in one delivery: 200 only when it is committed."""
    webhook = Webhook.objects.filter(key=key[:60], active=True).first()
    if webhook is None:
        return _problem(404, "There is no such webhook.")
    if request.method != "POST":  # some senders look first whether anybody is there
        return HttpResponse("Send webhooks here by POST.\n", content_type="text/plain")
    try:
        body = request.body
    except RequestDataTooBig:
        body = b"x" * (services.BODY_LIMIT + 1)
    if len(body) > services.BODY_LIMIT:
        return _problem(413, f"At most {services.BODY_LIMIT} bytes are taken.")
    try:
        delivery, created = services.receive(
            webhook=webhook,
            headers=dict(request.headers.items()),
            body=body,
            url=settings.AMENDS_PUBLIC_URL + request.get_full_path(),
        )
    except BadSignatureError as refusal:
        return _problem(401, str(refusal))
    except MappingError as error:
        return _problem(503, f"The mapping of this webhook cannot be used at the moment. {error.message}")
    return JsonResponse({"delivery": delivery.pk, "known": not created})


@require_GET
@permission_required(Permission.QUARANTINE_WORK)
def failed(request: HttpRequest) -> HttpResponse:
    """What came in and could not be understood, newest first."""
    waiting = services.visible_failures(request_actor(request))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        waiting = waiting.filter(pk__lt=int(before))
    found = list(waiting[: PAGE_SIZE + 1])
    shown = [
        (one, bytes(one.body)[: SHOWN_CHARACTERS * 4].decode(errors="replace").replace("\x00", "")[:SHOWN_CHARACTERS])
        for one in found[:PAGE_SIZE]
    ]
    older = found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
    return render(request, "intake/survey/failed.html", {"deliveries": shown, "older": older})


@require_POST
@permission_required(Permission.QUARANTINE_WORK)
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Once more."""
    delivery = services.retry(actor=request_actor(request), delivery_id=number)
    if delivery.state == DeliveryState.FAILED:
        messages.error(request, delivery.reason)
    else:
        messages.success(request, _("It worked this time."))
    return redirect("failed_deliveries")


@require_POST
@permission_required(Permission.QUARANTINE_WORK)
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Take it off the list; its bytes stay."""
    services.discard(actor=request_actor(request), delivery_id=number)
    messages.success(request, _("The delivery is discarded. Its bytes are kept."))
    return redirect("failed_deliveries")
