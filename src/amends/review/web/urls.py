"""The addresses of the review."""

from django.urls import include, path

from amends.review.web import first_answer, views

_CASE = "cases/<str:reference>/"
_patterns = [
    path("review/", views.review, name="review"),
    path("figures/first-answer/", first_answer.first_answer, name="first_answer"),
    path("review/actions/", views.action_open_general, name="action_open_general"),
    path("review/actions/<int:action_id>/done/", views.list_done, name="list_done"),
    path("review/actions/<int:action_id>/effect/", views.list_effect, name="list_effect"),
    path(f"{_CASE}root-cause/", views.cause_record, name="cause_record"),
    path(f"{_CASE}root-cause/none/", views.cause_none, name="cause_none"),
    path(f"{_CASE}actions/", views.action_open, name="action_open"),
    path(f"{_CASE}actions/<int:action_id>/done/", views.action_done, name="action_done"),
    path(f"{_CASE}actions/<int:action_id>/effect/", views.action_effect, name="action_effect"),
]
urlpatterns = [path("", include((_patterns, "review")))]
