"""What every page of a customer's own link shares: the token, the language, the local time, and what it tells nobody.

The links are the customer's only key. They are not passed on to other sites (no referrer), not kept by caches or search
engines, and a wrong one looks the same whatever is wrong with it. The pages work without cookies, so there is no
session that a foreign page could misuse: the unguessable link itself is what a submission must bring.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from amends.accounts.public import public_page, root_unit, unit_settings
from amends.cases.public import Complaint
from amends.core.errors import AmendsError, BadInput, NotFound
from amends.voice.public import letter_language

Found = TypeVar("Found")
View = Callable[..., HttpResponse]
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store, private",
}


def customer_page(
    find: Callable[[str], Found | None], complaint_of: Callable[[Found], Complaint]
) -> Callable[[View], View]:
    """Make a view `(request, found, …)` of a page behind a customer's link `<token>`.

    Args:
        find: what a token stands for, or None.
        complaint_of: the complaint it belongs to; its language and unit decide how the page speaks.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
            found = find(token)
            if found is None:
                return _private(_gone(request))
            complaint = complaint_of(found)
            zone = ZoneInfo(unit_settings(complaint.unit_id).timezone)
            with translation.override(_language(request, complaint)), timezone.override(zone):
                try:
                    response = view(request, found, **kwargs)
                except NotFound:
                    response = _gone(request)
                except AmendsError as refusal:
                    context = {"message": refusal.message, "back": request.path, **house_of(complaint)}
                    response = render(request, "portal/refused.html", context, status=refusal.status)
                response.headers["Content-Language"] = translation.get_language() or "en"
            return _private(response)

        return csrf_exempt(public_page(guarded))

    return decorate


def _language(request: HttpRequest, complaint: Complaint) -> str:
    """What the visitor chose, else the language we write to them in."""
    known = dict(settings.LANGUAGES)
    chosen = (request.GET.get("lang", ""), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
    return next((one for one in chosen if one in known), None) or letter_language(complaint)


def _private(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    try:
        house = unit_settings(root_unit().pk)
    except BadInput:  # nothing has been set up yet: there is no house to name
        return render(request, "portal/gone.html", {}, status=404)
    context = {"house_name": house.sender_name, "house_phone": house.phone}
    return render(request, "portal/gone.html", context, status=404)


def house_of(complaint: Complaint) -> dict[str, str]:
    """The letterhead: whose house it is and how to ring it."""
    house = unit_settings(complaint.unit_id)
    return {"house_name": house.sender_name, "house_phone": house.phone}


def refusal_words(refusal: AmendsError) -> str:
    """What a customer reads when something of theirs was refused; conflicts say that the page has moved on."""
    if refusal.status == 409:
        return _("This has changed in the meantime. Below you see how it stands now.")
    return refusal.message
