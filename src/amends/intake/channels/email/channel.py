"""E-mail, in and out."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places
from amends.intake.channels.channel import Channel, channels
from amends.intake.channels.email import figures  # noqa: F401  # registers the figures of the mail


def _send(message_id: int, not_before: datetime | None) -> None:
    from amends.intake.channels.email.jobs import send_later  # jobs are importable only once Django is up

    send_later(message_id, not_before)


channels.register(Channel("email", _("E-mail"), order=10, send=_send))
places.register(
    Place(
        "quarantine",
        _("Quarantine"),
        _("Go to the quarantine"),
        "quarantine",
        Permission.QUARANTINE_WORK,
        group=Group.INTAKE,
        order=10,
    )
)
places.register(
    Place(
        "mail_health",
        _("Health of the mail"),
        _("Go to the health of the mail"),
        "mail_health",
        Permission.QUARANTINE_WORK,
        group=Group.INTAKE,
        order=20,
    )
)
places.register(
    Place(
        "mailboxes",
        _("Mailboxes"),
        _("Go to the mailboxes"),
        "mailboxes",
        Permission.SETTINGS_CHANGE,
        group=Group.SETTINGS,
        order=50,
    )
)
