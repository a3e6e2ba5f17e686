"""The addresses that mail providers call. They are there only for providers that are set up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from amends.accounts.public import public_page
from amends.core.errors import AmendsError
from amends.intake.channels.email.incoming import providers


@public_page
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_in(request: HttpRequest, provider: str, form: str = "") -> HttpResponse:
    """Mail from a provider: 200 once it is committed; the provider keeps it and comes again after anything else.

    Open to the world, and checked by the provider's own secret or signature. `form` is for Mailgun, which sends the
    whole mail to addresses that end with "mime".
    """
    del form
    try:
        if request.method == "HEAD":  # some providers look whether the address is there
            providers.view_of(provider, "Inbound")
            return HttpResponse()
        if provider in providers.ASK_FOR_SIGN_IN and "Authorization" not in request.headers:
            providers.view_of(provider, "Inbound")
            return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="Amends"'})
        kept = providers.take_in(provider=provider, request=request)
    except AmendsError as refusal:
        return _refused(refusal)
    return HttpResponse(f"kept {len(kept)}\n", content_type="text/plain")


@public_page
@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_events(request: HttpRequest, provider: str) -> HttpResponse:
    """What a provider reports about mail we sent; checked like `mail_in`."""
    try:
        if request.method == "HEAD":
            providers.view_of(provider, "Tracking")
            return HttpResponse()
        noted = providers.note_events(provider=provider, request=request)
    except AmendsError as refusal:
        return _refused(refusal)
    return HttpResponse(f"noted {noted}\n", content_type="text/plain")


def _refused(refusal: AmendsError) -> HttpResponse:
    """A sentence for the provider's log; no page, and no sign-in."""
    return HttpResponse(f"{refusal.message}\n", status=refusal.status, content_type="text/plain; charset=utf-8")
