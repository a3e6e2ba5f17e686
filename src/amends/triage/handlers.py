"""What triage does when something happened elsewhere."""

from __future__ import annotations

from amends.cases.events import ComplaintRegistered, MessageReceived
from amends.core.events import on
from amends.core.onward import go_on
from amends.triage import jobs


@on(ComplaintRegistered)
def assess_new_complaint(event: ComplaintRegistered) -> None:
    """A new complaint is assessed at once. Imported ones come in thousands: the periodic catch-up takes them."""
    if not event.imported:
        go_on(jobs.assess, complaint_id=event.complaint_id)


@on(MessageReceived)
def judge_later_message(event: MessageReceived) -> None:
    """Dissatisfaction may show in the second mail, or late in a chat."""
    jobs.judge_message.defer(message_id=event.message_id)
