"""What machines say about our mail: it came back, it arrived, it is late, somebody is away. No word of a customer."""

from __future__ import annotations

from datetime import timedelta

from amends.accounts.public import SYSTEM
from amends.audit.public import record
from amends.cases.public import (
    Complaint,
    Message,
    MessageState,
    announce_change,
    mark_bounced,
    mark_delivered,
)
from amends.core import clock
from amends.core.text import normalise_email
from amends.intake.channels.email import identity, threads
from amends.intake.channels.email.model import Bounce, MailKind, ParsedMail
from amends.intake.channels.email.models import MailOutcome, RawMail

LINES_PER_HOUR = 10
"""Small lines of machines that one case shows for an hour; what comes beyond is kept and linked, but not told."""


def file_report(row: RawMail, mail: ParsedMail) -> tuple[MailOutcome, Complaint | None, int | None]:
    """Mark the message of ours that a delivery report is about, when it can be found; what became of the mail."""
    outcome = MailOutcome.BOUNCE if mail.kind is MailKind.BOUNCE else MailOutcome.DELIVERY_NOTICE
    message = _reported_message(row, mail)
    if message is None:
        case = threads.case_by_address(row, mail)
        if case is not None:
            tell_in_case(row, case, "delivery_notice_received")
        return outcome, case, None
    if mail.kind is MailKind.BOUNCE:
        _came_back(message, mail.bounce or Bounce(None, None, hard=False))
    elif mail.bounce is not None and (mail.bounce.status or "").startswith("2."):
        mark_delivered(message_id=message.pk, at=row.received_at)
    else:
        tell_in_case(row, message.complaint, "delivery_notice_received", message=message.pk)
    return outcome, message.complaint, message.pk


def _came_back(message: Message, bounce: Bounce) -> None:
    kind = "for good" if bounce.hard else "for now"
    reason = f"Not delivered {kind} ({bounce.status or 'no status given'})."
    mark_bounced(message_id=message.pk, hard=bounce.hard, reason=reason)


def _reported_message(row: RawMail, mail: ParsedMail) -> Message | None:
    """By the identifier of the returned message; else the last one to that recipient in the case of the token."""
    returned = mail.bounce.message_ids if mail.bounce else ()
    message = threads.answered_message([*(identity.bare(one) for one in returned), *identity.answered_ids(mail)])
    if message is not None:
        return message
    case = threads.case_by_address(row, mail)
    if case is None or mail.bounce is None or not mail.bounce.recipient:
        return None
    sent = Message.objects.select_related("complaint__unit").filter(
        complaint=case, direction="out", channel="email", to_address=normalise_email(mail.bounce.recipient)
    )
    return sent.filter(state__in=[MessageState.SENDING, MessageState.SENT]).order_by("-id").first()


def file_auto_reply(row: RawMail, case: Complaint | None, *, of_colleague: bool) -> None:
    """Show an automatic answer as a small line in its case. It is never answered and never passed on."""
    if case is not None:
        tell_in_case(row, case, "auto_reply_received", of_colleague=of_colleague)


def tell_in_case(row: RawMail, case: Complaint, kind: str, **data: int | bool) -> None:
    """A small line in the timeline, with the way to the mail as it came."""
    since = clock.now() - timedelta(hours=1)
    machines = [MailOutcome.AUTO_REPLY, MailOutcome.DELIVERY_NOTICE, MailOutcome.BOUNCE]
    lately = RawMail.objects.filter(complaint=case, outcome__in=machines, received_at__gt=since)
    if lately.count() >= LINES_PER_HOUR:
        return
    record(actor=SYSTEM, chain=f"complaint:{case.pk}", kind=kind, data={"mail": row.pk, **data})
    announce_change(case)
