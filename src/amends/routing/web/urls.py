"""Addresses of the hand-off panel's forms."""

from django.urls import path

from amends.routing.web import views

urlpatterns = [
    path("cases/<str:reference>/handoffs/<int:handoff_id>/accept/", views.accept, name="accept_handoff"),
    path("cases/<str:reference>/handoffs/<int:handoff_id>/return/", views.return_, name="return_handoff"),
]
