"""The addresses of handling."""

from django.urls import include, path

from amends.handling.web import pages, tries, views

_CASE = "cases/<str:reference>/"
_patterns = [
    path("promises/", pages.promise_ledger, name="promises"),
    path("promises/<slug:view>/", pages.promise_ledger, name="ledger"),
    path(f"{_CASE}points/", views.point_add, name="point_add"),
    path(f"{_CASE}points/confirm/", views.points_confirm, name="points_confirm"),
    path(f"{_CASE}points/<int:point_id>/remove/", views.point_remove, name="point_remove"),
    path(f"{_CASE}questions/<slug:question>/", views.question_answer, name="question_answer"),
    path(f"{_CASE}tries/", tries.try_note, name="try_note"),
    path(f"{_CASE}proposals/new/", pages.proposal_write, name="proposal_write"),
    path(f"{_CASE}proposals/<int:proposal_id>/send/", views.proposal_send, name="proposal_send"),
    path(f"{_CASE}proposals/<int:proposal_id>/decide/", views.proposal_decide, name="proposal_decide"),
    path(f"{_CASE}proposals/<int:proposal_id>/answer/", views.proposal_answer, name="proposal_answer"),
    path(f"{_CASE}proposals/<int:proposal_id>/withdraw/", views.proposal_withdraw, name="proposal_withdraw"),
    path(f"{_CASE}steps/<int:step_id>/done/", views.step_done, name="step_done"),
    path(f"{_CASE}promises/", views.promise_make, name="promise_make"),
    path(f"{_CASE}promises/<int:promise_id>/keep/", views.promise_keep, name="promise_keep"),
    path(f"{_CASE}promises/<int:promise_id>/explain/", views.promise_explain, name="promise_explain"),
]
urlpatterns = [path("", include((_patterns, "handling")))]
