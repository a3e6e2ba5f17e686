"""Addresses of the assessment panel's form."""

from django.urls import path

from amends.triage.web import views

urlpatterns = [
    path("cases/<str:reference>/assessment/", views.correct, name="correct_assessment"),
]
