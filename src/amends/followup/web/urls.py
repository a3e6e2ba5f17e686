"""Addresses of the survey, the check-in, and the forms of the panel."""

from django.urls import path

from amends.followup.web import customer_views, staff_views

urlpatterns = [
    path("s/<str:token>/", customer_views.survey, name="survey"),
    path("c/<str:token>/", customer_views.check_in, name="check_in"),
    path("cases/<str:reference>/check-ins/<int:check_in_id>/send/", staff_views.send, name="send_check_in"),
    path("cases/<str:reference>/check-ins/<int:check_in_id>/answer/", staff_views.answer, name="answer_check_in"),
]
