"""What routing does when something happened elsewhere."""

from __future__ import annotations

from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM
from amends.cases.events import ComplaintAssessed, MessageFailed, MessageReceived
from amends.cases.public import OPEN_PHASES, access_complaint
from amends.clocks.events import ClockBreached, ClockWarned
from amends.clocks.public import clock_words
from amends.core.events import on
from amends.notifications.public import settle
from amends.routing import callbacks, criteria, escalation_jobs, services, settling

__all__ = ["escalation_jobs", "settling"]


@on(ComplaintAssessed)
def route_and_alert(event: ComplaintAssessed) -> None:
    """A new case finds its team, and the right people know at once. A corrected assessment moves nothing by itself.

    A case of the past that was imported finds its team while it is open, and alarms nobody.
    """
    if event.corrected:
        return
    complaint = access_complaint(SYSTEM, event.complaint_id)
    if complaint.phase in OPEN_PHASES:
        services.route(complaint_id=event.complaint_id)
    if complaint.waiting_for_us_since is not None:
        services.alert_of_new_case(complaint_id=event.complaint_id)
        callbacks.plan_for_unhappy(complaint_id=event.complaint_id)
        criteria.consider(complaint_id=event.complaint_id)


@on(MessageReceived)
def alert_of_answer(event: MessageReceived) -> None:
    """The customer wrote again."""
    services.alert_owner(
        complaint_id=event.complaint_id,
        kind="customer_wrote",
        what=lambda: _("the customer wrote"),
        key=f"message:{event.message_id}",
    )
    criteria.consider(complaint_id=event.complaint_id)


@on(MessageFailed)
def alert_of_failed_message(event: MessageFailed) -> None:
    """Our message did not arrive: somebody must find another way."""
    services.alert_owner(
        complaint_id=event.complaint_id,
        kind="not_delivered",
        what=lambda: _("a message did not reach the customer; use another way"),
        key=f"failed:{event.message_id}:{event.state}",
    )


@on(ClockWarned)
def alert_of_warning(event: ClockWarned) -> None:
    """A deadline comes near."""
    services.alert_owner(
        complaint_id=event.complaint_id,
        kind="clock_warned",
        what=lambda: _("%(clock)s is due soon") % {"clock": clock_words(event.clock_id)},
        key=f"warned:{event.clock_id}",
    )
    criteria.consider(complaint_id=event.complaint_id)


@on(ClockBreached)
def alert_of_breach(event: ClockBreached) -> None:
    """A deadline has passed: the owner and everybody responsible above know, and it climbs until somebody has it."""
    key = f"breached:{event.clock_id}"
    services.alert_of_breach(
        complaint_id=event.complaint_id,
        what=lambda: (
            (_("%(clock)s was kept too late") if event.over else _("%(clock)s is overdue"))
            % {"clock": clock_words(event.clock_id)}
        ),
        key=key,
    )
    if event.over:
        # They have to know, and nobody has to be called any more.
        settle(complaint_id=event.complaint_id, key=key, by=SYSTEM)
    criteria.consider(complaint_id=event.complaint_id)
