"""Does every mail that was taken in still have its place? Two counts that are kept apart must agree.

Whoever takes mail counts it in `MailTally`, and nothing ever counts down there; the mails themselves are counted in
their table, by state. A mail that was deleted, or lost with a damaged or older table, makes the two differ. A mail that
stays unread makes nothing differ, so its age is looked at as well; and what lies in a mailbox without our having it is
found by comparing the numbers on the server with ours (incoming.pull).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count, Min

from amends.core import clock
from amends.core.metrics import Labelled, reading
from amends.intake.channels.email.figures import MailCounts, counts
from amends.intake.channels.email.models import Mailbox, MailState, PulledMail, PulledState, RawMail

PARTS: Final = 16
READ_WITHIN: Final = timedelta(minutes=5)
"""A mail is understood within seconds; after this long nobody is at work on it."""
SILENT_FOR: Final = timedelta(minutes=15)
"""A mailbox that could not be read for so long is a matter for a person."""


def count_accepted(source: str) -> None:
    """One more mail came by this way. Part of the transaction that keeps the mail, by its own row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO intake_mailtally AS t (day, source, part, accepted) VALUES (%s, %s, pg_backend_pid() %% %s, 1) "
            "ON CONFLICT (day, source, part) DO UPDATE SET accepted = t.accepted + 1",
            [clock.now().date(), source, PARTS],
        )


@dataclass(frozen=True, slots=True)
class MailHealth:
    """The answer to "is any mail missing?".

    Attributes:
        counts: the mails by state.
        accepted: mails that were taken in, as those who took them counted.
        present: mails that are there, counted in the same moment.
        overdue: mails that wait to be read for longer than `READ_WITHIN`; `oldest` is when the first of them came.
        unfetched: messages in mailboxes that the server would not give.
        silent: mailboxes that could not be read for longer than `SILENT_FOR`.
    """

    counts: MailCounts
    accepted: int
    present: int
    overdue: int
    oldest: datetime | None
    unfetched: int
    silent: tuple[Mailbox, ...]

    @property
    def missing(self) -> int:
        """Mails that were taken in and are not there; negative when there are more than were counted."""
        return self.accepted - self.present

    @property
    def good(self) -> bool:
        """Nothing needs a person."""
        return not (self.missing or self.overdue or self.silent or self.unfetched)


def mail_health() -> MailHealth:
    """Look at everything: a handful of queries over indexes."""
    now = clock.now()
    accepted, present = _both_counts()
    waiting = RawMail.objects.filter(state=MailState.RECEIVED, received_at__lt=now - READ_WITHIN)
    late = waiting.aggregate(number=Count("pk"), oldest=Min("received_at"))
    silent = Mailbox.objects.filter(active=True, failing_since__lt=now - SILENT_FOR).order_by("name")
    return MailHealth(
        counts=counts(),
        accepted=accepted,
        present=present,
        overdue=late["number"],
        oldest=late["oldest"],
        unfetched=PulledMail.objects.filter(state=PulledState.FAILED).count(),
        silent=tuple(silent),
    )


def _both_counts() -> tuple[int, int]:
    """In one statement, so that a mail that comes in between is in both or in neither."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT coalesce(sum(accepted), 0) FROM intake_mailtally), (SELECT count(*) FROM intake_rawmail)"
        )
        accepted, present = cursor.fetchone()
    return int(accepted), int(present)


@reading(
    "amends_mails_missing",
    "Mails that were taken in and are not stored, in quarantine or waiting; anything but 0 is an alarm.",
)
def _missing() -> Labelled:
    accepted, present = _both_counts()
    return {(): float(accepted - present)}


@reading("amends_mailbox_silent_seconds", "Seconds for which a mailbox could not be read; 0: it can.", ("mailbox",))
def _silent() -> Labelled:
    now = clock.now()
    rows = Mailbox.objects.filter(active=True).values_list("pk", "failing_since")
    return {(str(number),): (now - since).total_seconds() if since else 0.0 for number, since in rows}
