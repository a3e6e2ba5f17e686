"""The pages of intake: the complaint form, and the channels' own pages where they have some."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, path

from amends.intake.channels.web import views

CHANNEL_PAGES = ("amends.intake.channels.email.web",)


def _of_channels() -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = []
    for module in CHANNEL_PAGES:
        if find_spec(module) is not None:
            found += import_module(module).urlpatterns
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("complain/", views.complain, name="complain"),
    path("complain/<slug:unit_key>/", views.complain, name="complain_about"),
    *_of_channels(),
]
