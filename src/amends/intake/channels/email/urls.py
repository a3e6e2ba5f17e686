"""The addresses of the quarantine."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.email import views
from amends.intake.channels.email.incoming import views as incoming

urlpatterns = [
    path("mail/in/<slug:provider>/", incoming.mail_in, name="mail_in"),
    path("mail/in/<slug:provider>/<slug:form>", incoming.mail_in, name="mail_in_whole"),
    path("mail/events/<slug:provider>/", incoming.mail_events, name="mail_events"),
    path("quarantine/", views.quarantine, name="quarantine"),
    path("quarantine/<int:number>/", views.quarantined, name="quarantined_mail"),
    path("quarantine/<int:number>/raw/", views.raw, name="quarantined_mail_raw"),
    path("quarantine/<int:number>/release/", views.release, name="release_mail"),
    path("quarantine/<int:number>/discard/", views.discard, name="discard_mail"),
]
