"""What the channels do when something happened in a case."""

from __future__ import annotations

from amends.cases.events import MessageQueued
from amends.core.events import on
from amends.intake.channels.email import figures  # noqa: F401  # registers the figures of the mail


@on(MessageQueued)
def send_by_mail(event: MessageQueued) -> None:
    """A message that goes by e-mail gets its job, in the same transaction."""
    if event.channel != "email":
        return
    from amends.intake.channels.email.jobs import send_later

    send_later(event.message_id, event.not_before)
