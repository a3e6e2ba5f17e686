"""The addresses of the complaint form."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.web import views

urlpatterns = [
    path("complain/", views.complain, name="complain"),
    path("complain/<slug:unit_key>/", views.complain, name="complain_about"),
]
