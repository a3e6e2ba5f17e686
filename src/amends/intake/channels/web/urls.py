"""The addresses of the complaint form."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.web import views, widget

urlpatterns = [
    path("complain/", views.complain, name="complain"),
    path("complain/<slug:unit_key>/", views.complain, name="complain_about"),
    path("widget.js", widget.widget_script, name="widget_script"),
    path("widget/start/", widget.start, name="widget_start"),
    path("widget/complaint/", widget.complaint, name="widget_complaint"),
    path("brand/<slug:unit_key>/look.css", widget.brand_style, name="brand_style"),
    path("brand/<slug:unit_key>/logo", widget.brand_logo, name="brand_logo"),
]
