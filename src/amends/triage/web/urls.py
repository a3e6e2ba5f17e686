"""Addresses of the assessment panel's form and of the lanes."""

from django.urls import path

from amends.triage.web import lanes, views

urlpatterns = [
    path("cases/<str:reference>/assessment/", views.correct, name="correct_assessment"),
    path("lanes/", lanes.lanes, name="lanes"),
    path("lanes/<slug:lane>/", lanes.lanes, name="lane_list"),
    path("cases/<str:reference>/lane/", lanes.decide, name="decide_lane"),
    path("cases/<str:reference>/lane/back/", lanes.take_back, name="take_back_lane"),
]
