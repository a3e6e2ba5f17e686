"""The addresses of calls."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.phone import views

urlpatterns = [
    path("calls/", views.list_, name="calls"),
    path("calls/list/", views.part, name="calls_part"),
    path("calls/search/", views.search, name="calls_search"),
    path("calls/new/", views.screen, name="call_new"),
    path("calls/<int:number>/", views.screen, name="call_screen"),
    path("calls/<int:number>/back/", views.back, name="call_back"),
]
