"""The addresses of imports."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.imports import views

urlpatterns = [
    path("imports/", views.overview, name="imports"),
    path("imports/files/<int:number>/", views.file_page, name="import_file"),
    path("imports/files/<int:number>/check/", views.check, name="import_check"),
    path("imports/files/<int:number>/state/", views.file_state, name="import_file_state"),
    path("imports/files/<int:number>/errors.csv", views.file_errors, name="import_file_errors"),
    path("imports/files/<int:number>/start/", views.start, name="import_start"),
    path("imports/runs/<int:number>/", views.run_page, name="import_run"),
    path("imports/runs/<int:number>/state/", views.run_state, name="import_run_state"),
    path("imports/runs/<int:number>/errors.csv", views.run_errors, name="import_run_errors"),
    path("imports/runs/<int:number>/change/", views.change, name="import_change"),
]
