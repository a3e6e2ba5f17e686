"""What every page of a survey's link shares: the token, the language, the local time, and which sites may frame it.

The pages are anonymous and work without cookies: there is no session that a foreign page could misuse. What a
submission must bring is the unguessable link, and the signed stamp of the page it was shown on.
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
from django.views.decorators.csrf import csrf_exempt

from amends.accounts.public import public_page, root_unit, unit_settings
from amends.core.errors import AmendsError, BadInput
from amends.intake.channels.survey.models import Survey

Found = TypeVar("Found")
View = Callable[..., HttpResponse]
HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store, private"}


def survey_page(
    find: Callable[[str], Found | None],
    survey_of: Callable[[Found], Survey],
    *,
    language_of: Callable[[Found], str] = lambda _found: "",
    framed: Callable[[Found], bool] = lambda _found: False,
) -> Callable[[View], View]:
    """Make a view `(request, found)` of a page behind a survey's link `<token>`.

    Args:
        find: what a token stands for, or None.
        language_of: the language to speak when the visitor chose none; empty: the browser's.
        framed: whether the survey's sites may show the page in a frame.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, token: str) -> HttpResponse:
            found = find(token)
            if found is None:
                return _private(_gone(request))
            survey = survey_of(found)
            house = unit_settings(survey.unit_id)
            with (
                translation.override(_language(request, language_of(found))),
                timezone.override(ZoneInfo(house.timezone)),
            ):
                try:
                    response = view(request, found)
                except AmendsError as refusal:
                    context = {"message": refusal.message, "house_name": house.sender_name, "house_phone": house.phone}
                    response = render(request, "intake/survey/refused.html", context, status=refusal.status)
                response.headers["Content-Language"] = translation.get_language() or "en"
            if framed(found) and survey.origins:
                _let_frame(response, survey.origins)
            return _private(response)

        return csrf_exempt(public_page(guarded))

    return decorate


def _let_frame(response: HttpResponse, origins: list[str]) -> None:
    """Only the sites of the survey; every other page of Amends stays unframeable."""
    response.xframe_options_exempt = True  # read by Django's middleware
    setattr(response, "_csp_replace", {"frame-ancestors": list(origins)})  # noqa: B010  # the hook of django-csp


def _language(request: HttpRequest, wanted: str) -> str:
    known = dict(settings.LANGUAGES)
    chosen = (request.GET.get("lang", ""), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""), wanted[:2])
    return next((one for one in chosen if one in known), None) or translation.get_language() or "en"


def _private(response: HttpResponse) -> HttpResponse:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    context: dict[str, Any] = {}
    try:
        house = unit_settings(root_unit().pk)
        context = {"house_name": house.sender_name, "house_phone": house.phone}
    except BadInput:
        context = {"house_name": "Amends"}  # nothing has been set up yet: there is no house to name
    return render(request, "intake/survey/gone.html", context, status=404)
