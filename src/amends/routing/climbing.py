"""A hand-off that nobody accepts does not rest: the next team on the way up is asked, and at the top the people in charge."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM
from amends.audit.public import record
from amends.cases.public import announce_change
from amends.core import clock
from amends.notifications.public import raise_alert, tell
from amends.routing.configured import criteria_in_force
from amends.routing.models import Handoff, HandoffState
from amends.routing.paths import next_team
from amends.routing.selectors import member_ids, people_of

BATCH = 200


def minutes_to_accept(severity: int) -> int:
    """How long a team has to accept a case of this severity, 1 to 4."""
    return criteria_in_force().handoff_minutes[severity - 1]


def climb_handoffs(*, now: datetime | None = None) -> int:
    """Move on every hand-off whose time to be accepted is over; how many. Safe with any number at once."""
    moment = now or clock.now()
    due = Handoff.objects.filter(state=HandoffState.OFFERED, climbs_at__lte=moment).order_by("climbs_at", "id")
    moved = 0
    for pk in list(due.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            rows = Handoff.objects.select_for_update(of=("self",), skip_locked=True)
            one = rows.select_related("complaint__unit", "to_team__escalates_to").filter(
                pk=pk, state=HandoffState.OFFERED, climbs_at__lte=moment
            )
            if (handoff := one.first()) is not None:
                _move_on(handoff, moment)
                moved += 1
    return moved


def _move_on(handoff: Handoff, moment: datetime) -> None:
    complaint, before = handoff.complaint, handoff.to_team
    handoff.asked = [*handoff.asked, before.pk]
    after = next_team(complaint, team=before, tier=before.tier, asked=[*handoff.asked, complaint.team_id or 0])
    handoff.climbs += 1
    handoff.climbs_at = moment + timedelta(minutes=minutes_to_accept(complaint.severity)) if after else None
    handoff.to_team = after or before
    handoff.save(update_fields=["asked", "climbs", "climbs_at", "to_team"])
    record(
        actor=SYSTEM,
        chain=f"complaint:{complaint.pk}",
        kind="handoff_climbed",
        data={"handoff": handoff.pk, "from": before.pk, "to": after.pk if after else None, "times": handoff.climbs},
    )
    if after is None:
        _alarm(handoff)
    else:
        name = after.name
        tell(
            users={*member_ids(after.pk), *([handoff.from_user_id] if handoff.from_user_id else [])},
            kind="handoff",
            title=lambda: (
                f"{complaint.reference}: " + _("nobody accepted it in time; now %(team)s is asked") % {"team": name}
            ),
            url=f"/cases/{complaint.reference}/#panel-handoff",
            complaint_id=complaint.pk,
            key=f"handoff:{handoff.pk}:climb:{handoff.climbs}",
        )
    announce_change(complaint)


def _alarm(handoff: Handoff) -> None:
    """Nobody is left to ask: somebody has to say that they have it."""
    complaint = handoff.complaint
    people = people_of(complaint)
    raise_alert(
        levels=[[*member_ids(handoff.to_team_id), *people["leads"]], people["directors"], people["administrators"]],
        kind="handoff",
        title=lambda: f"{complaint.reference}: " + _("nobody accepts the hand-off"),
        url=f"/cases/{complaint.reference}/#panel-handoff",
        complaint_id=complaint.pk,
        key=f"handoff:{handoff.pk}:top",
        minutes=minutes_to_accept(complaint.severity),
    )
