"""Addresses of the hand-off panel's forms."""

from django.urls import path

from amends.routing.web import callbacks, views

urlpatterns = [
    path("callbacks/", callbacks.today, name="callbacks"),
    path("cases/<str:reference>/callbacks/", callbacks.plan, name="plan_call_back"),
    path("cases/<str:reference>/callbacks/<int:call_back_id>/attempt/", callbacks.attempt, name="note_attempt"),
    path("cases/<str:reference>/handoffs/<int:handoff_id>/accept/", views.accept, name="accept_handoff"),
    path("cases/<str:reference>/handoffs/<int:handoff_id>/return/", views.return_, name="return_handoff"),
]
