"""The addresses of incoming mail: the providers' calls, the quarantine, the mailboxes, and whether any mail is missing."""

from __future__ import annotations

from django.urls import path

from amends.intake.channels.email import views
from amends.intake.channels.email.incoming import pages
from amends.intake.channels.email.incoming import views as incoming

urlpatterns = [
    path("mail/in/<slug:provider>/", incoming.mail_in, name="mail_in"),
    path("mail/in/<slug:provider>/<slug:form>", incoming.mail_in, name="mail_in_whole"),
    path("mail/events/<slug:provider>/", incoming.mail_events, name="mail_events"),
    path("health/", pages.health, name="mail_health"),
    path("mailboxes/", pages.list_, name="mailboxes"),
    path("mailboxes/add/", pages.edit, name="add_mailbox"),
    path("mailboxes/<int:number>/", pages.edit, name="mailbox"),
    path("mailboxes/<int:number>/try/", pages.try_out, name="try_mailbox"),
    path("quarantine/", views.quarantine, name="quarantine"),
    path("quarantine/<int:number>/", views.quarantined, name="quarantined_mail"),
    path("quarantine/<int:number>/raw/", views.raw, name="quarantined_mail_raw"),
    path("quarantine/<int:number>/release/", views.release, name="release_mail"),
    path("quarantine/<int:number>/again/", views.again, name="try_mail_again"),
    path("quarantine/<int:number>/by-hand/", views.by_hand, name="register_mail_by_hand"),
    path("quarantine/<int:number>/discard/", views.discard, name="discard_mail"),
]
