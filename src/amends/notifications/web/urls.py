"""Addresses of the alerts' own pages."""

from django.urls import include, path

from amends.notifications.web import views

_patterns = [
    path("alerts/answer/<str:token>/", views.answer_by_link, name="answer_by_link"),
    path("alerts/<int:alert_id>/answer/", views.answer_alert, name="answer"),
    path("alerts/wishes/", views.wishes, name="wishes"),
    path("alerts/away/", views.away, name="away"),
    path("alerts/away/<int:absence_id>/end/", views.back, name="back"),
]
urlpatterns = [path("", include((_patterns, "notifications")))]
