"""The addresses of reviews and their sources."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.reviews import views

urlpatterns = [
    path("mentions/", views.mentions, name="mentions"),
    path("mentions/<int:number>/", views.mention, name="mention"),
    path("mentions/<int:number>/reply/", views.reply, name="mention_reply"),
    path("mentions/<int:number>/case/", views.make_case, name="mention_case"),
    path("review-sources/", views.sources, name="review_sources"),
    path("review-sources/add/<slug:kind>/", views.add_source, name="add_review_source"),
    path("review-sources/<int:number>/", views.source, name="review_source"),
    path("review-sources/<int:number>/switch/", views.switch_source, name="switch_review_source"),
    path("review-sources/<int:number>/file/", views.upload, name="review_source_file"),
]
