"""Addresses of the forms in the clocks panel, and of the rule packs."""

from django.urls import include, path

from amends.clocks.web import packs, views

_patterns = [
    path("clocks/packs/", packs.packs, name="packs"),
    path("clocks/packs/<str:key>/", packs.pack, name="pack"),
    path("cases/<str:reference>/facts/", views.fact, name="state_fact"),
    path("cases/<str:reference>/clocks/<int:clock_id>/done/", views.done, name="done"),
    path("cases/<str:reference>/parts/", views.parts, name="assign_parts"),
]
urlpatterns = [path("", include((_patterns, "clocks")))]
