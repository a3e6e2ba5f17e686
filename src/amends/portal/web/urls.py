"""Addresses of the customer's own page."""

from django.urls import path

from amends.portal.web import chat, views

urlpatterns = [
    path("p/<str:token>/", views.letter, name="portal"),
    path("p/<str:token>/thanks/", views.thanks, name="portal_thanks"),
    path("p/<str:token>/message/", views.message, name="portal_message"),
    path("p/<str:token>/points/", views.points, name="portal_points"),
    path("p/<str:token>/proposal/", views.proposal, name="portal_proposal"),
    path("p/<str:token>/chat/", chat.chat, name="portal_chat"),
    path("p/<str:token>/files/<int:attachment_id>/", views.file, name="portal_file"),
]
