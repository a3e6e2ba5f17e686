"""The language of one person's page stays with that page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import translation

from amends.core.middleware import LanguageMiddleware


def test_the_language_of_a_page_does_not_stay_with_the_thread() -> None:
    said = []

    def view(request: HttpRequest) -> HttpResponse:
        said.append((request.LANGUAGE_CODE, translation.get_language()))  # type: ignore[attr-defined]
        return HttpResponse()

    with translation.override("en"):
        response = LanguageMiddleware(view)(RequestFactory().get("/", HTTP_ACCEPT_LANGUAGE="de"))
        assert translation.get_language() == "en"
    assert said == [("de", "de")]
    assert response.headers["Content-Language"] == "de"


def test_a_page_in_german_leaves_the_next_piece_of_work_as_it_was(db: None) -> None:
    before = translation.get_language()
    page = Client(headers={"Accept-Language": "de"}).get("/sign-in/")
    assert page.headers["Content-Language"] == "de"
    assert translation.get_language() == before
