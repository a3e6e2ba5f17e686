"""The addresses of surveys, and of inbound webhooks."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.survey import staff, views
from amends.intake.webhooks import views as webhooks

urlpatterns = [
    path("ask/me/<str:token>/", views.ask_me, name="survey_me"),
    path("ask/me/<str:token>/stop/", views.stop, name="survey_stop"),
    path("ask/answer/<str:token>/", views.answered, name="survey_answer"),
    path("ask/frame/<str:token>/", views.ask_framed, name="survey_framed"),
    path("ask/<str:token>/", views.ask, name="survey_ask"),
    path("surveys/", staff.list_, name="surveys"),
    path("surveys/<int:number>/", staff.page, name="survey_page"),
    path("surveys/<int:number>/recipients/", staff.recipients, name="survey_recipients"),
    path("surveys/<int:number>/interrupted/", staff.interrupted, name="survey_interrupted"),
    path("surveys/<int:number>/switch/", staff.switch, name="survey_switch"),
    path("surveys/<int:number>/qr.svg", staff.qr_code, name="survey_qr"),
    path("hooks/<slug:key>/", webhooks.hook, name="webhook"),
    path("deliveries/", webhooks.failed, name="failed_deliveries"),
    path("deliveries/<int:number>/retry/", webhooks.retry, name="retry_delivery"),
    path("deliveries/<int:number>/discard/", webhooks.discard, name="discard_delivery"),
]
