"""The addresses of the mailroom."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.mailroom import views

urlpatterns = [
    path("mail/others/", views.others, name="mail_others"),
    path("mail/others/<int:number>/", views.other, name="mail_other"),
    path("mail/others/<int:number>/decide/", views.decide, name="decide_mail"),
    path("mail/others/<int:number>/raw/", views.other_raw, name="mail_other_raw"),
    path("cases/<str:reference>/mail/<int:number>/raw/", views.case_raw, name="case_mail_raw"),
]
