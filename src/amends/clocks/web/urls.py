"""Addresses of the forms in the clocks panel."""

from django.urls import include, path

from amends.clocks.web import views

_patterns = [
    path("cases/<str:reference>/facts/", views.fact, name="state_fact"),
    path("cases/<str:reference>/parts/", views.parts, name="assign_parts"),
]
urlpatterns = [path("", include((_patterns, "clocks")))]
