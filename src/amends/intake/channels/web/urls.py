"""The addresses of the complaint form."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.web import brand_pages, views, widget

urlpatterns = [
    path("complain/", views.complain, name="complain"),
    path("complain/<slug:unit_key>/", views.complain, name="complain_about"),
    path("settings/forms/", brand_pages.forms_list, name="brands"),
    path("settings/forms/<slug:unit_key>/", brand_pages.form_settings, name="brand_settings"),
    path("widget.js", widget.widget_script, name="widget_script"),
    path("widget/start/", widget.start, name="widget_start"),
    path("widget/complaint/", widget.complaint, name="widget_complaint"),
    path("brand/<slug:unit_key>/look.css", widget.brand_style, name="brand_style"),
    path("brand/<slug:unit_key>/logo", widget.brand_logo, name="brand_logo"),
]
