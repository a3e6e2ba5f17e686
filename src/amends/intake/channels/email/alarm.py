"""Telling the administrators when mail is missing, late or not fetched: once a day for each trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from amends.accounts.public import Membership, Role
from amends.core import clock
from amends.intake.channels.email.tally import MailHealth, mail_health
from amends.notifications.public import tell, told_since

Trouble = tuple[str, Callable[[], str]]
AGAIN = timedelta(days=1)


def look_after_mail() -> int:
    """Look whether all mail is where it should be; how many people were told that it is not."""
    health = mail_health()
    if health.good:
        return 0
    now = clock.now()
    told = 0
    with transaction.atomic():
        ids = list(
            Membership.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).values_list("user_id", flat=True)
        )
        for trouble, words in troubles(health):
            if told_since(users=ids, key=f"{trouble}:", moment=now - AGAIN):
                continue
            key = f"{trouble}:{now.date()}"  # two that look at the same moment still tell once
            told += tell(
                users=ids, kind="mail_health", title=words, url=reverse("mail_health"), complaint_id=None, key=key
            )
    return told


def troubles(health: MailHealth) -> Iterator[Trouble]:
    """What is wrong: a key that is the same for the same trouble, and the sentence in the reader's language."""
    if health.missing:
        yield (
            f"mail-missing:{health.missing}",
            lambda: _("The count of mails does not add up: %(number)d differ.") % {"number": health.missing},
        )
    if health.overdue:
        yield (
            "mail-overdue",
            lambda: (
                ngettext(
                    "%(number)d mail has waited to be read for more than five minutes.",
                    "%(number)d mails have waited to be read for more than five minutes.",
                    health.overdue,
                )
                % {"number": health.overdue}
            ),
        )
    if health.unfetched:
        yield (
            f"mail-unfetched:{health.unfetched}",
            lambda: (
                ngettext(
                    "%(number)d mail could not be fetched from its mailbox.",
                    "%(number)d mails could not be fetched from their mailboxes.",
                    health.unfetched,
                )
                % {"number": health.unfetched}
            ),
        )
    for one in health.silent:
        yield f"mailbox-silent:{one.pk}", partial(_silent, one.name)


def _silent(name: str) -> str:
    return _("The mailbox “%(name)s” cannot be read.") % {"name": name}
