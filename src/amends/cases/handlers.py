"""What other parts ask of cases without knowing them, and what happens here with what they found out."""

from __future__ import annotations

from amends.cases.events import ComplaintAssessed
from amends.cases.policy import who_may_see
from amends.cases.services.guarding import list_automatically
from amends.core.events import on
from amends.notifications.public import limit_receivers

limit_receivers(who_may_see)


@on(ComplaintAssessed)
def come_onto_lists(event: ComplaintAssessed) -> None:
    """An assessed case comes onto the automatic lists of its kinds, before anybody is told of it."""
    list_automatically(complaint_id=event.complaint_id)
