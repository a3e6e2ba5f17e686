"""The panel beside a case: every clock with its date, its state and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.cases.public import Complaint
from amends.clocks.models import Clock
from amends.clocks.rulewords import Certainty, End
from amends.clocks.selectors import clocks_of, title_of, why_of
from amends.clocks.states import State
from amends.clocks.zones import zone_named
from amends.core import clock
from amends.core.panels import Panel, panels

STATE_WORDS: dict[State, LazyText] = {
    State.RUNNING: _("Running"),
    State.WARNED: _("Due soon"),
    State.BREACHED: _("Overdue"),
    State.MET: _("Kept"),
    State.STOPPED: _("Ended"),
    State.LAPSED: _("Time is over"),
}
STOPPED_LATE = _("Kept too late")


@dataclass(frozen=True, slots=True)
class Line:
    """One clock as the panel shows it; times are on the wall of the case's zone.

    Attributes:
        all_day: the date says it all; the hour is only the end of the day.
    """

    title: str
    state: State
    state_words: str | LazyText
    due: datetime
    all_day: bool
    stopped: datetime | None
    why: str
    source: str
    source_url: str
    unconfirmed: bool


def lines_of(complaint: Complaint) -> list[Line]:
    """The clocks of a complaint: those that run first, each group by its due date (1 query)."""
    now = clock.now()
    clocks = sorted(clocks_of(complaint), key=lambda one: (one.stopped_at is not None, one.due_at))
    return [_line(one, now) for one in clocks]


def _line(one: Clock, now: datetime) -> Line:
    zone = zone_named(one.zone)
    state = one.state(now)
    document, _comma, address = one.source.partition(", https://")
    late = state is State.BREACHED and one.stopped_at is not None
    return Line(
        title=title_of(one),
        state=state,
        state_words=STOPPED_LATE if late else STATE_WORDS[state],
        due=one.due_at.astimezone(zone),
        all_day=one.ends == End.END_OF_DAY,
        stopped=one.stopped_at.astimezone(zone) if one.stopped_at else None,
        why=why_of(one),
        source=document,
        source_url=f"https://{address}" if address else "",
        unconfirmed=one.certainty == Certainty.UNCONFIRMED,
    )


def panel_context(_actor: Any, complaint: Complaint) -> dict[str, Any]:
    """What the template needs."""
    return {"clocks": lines_of(complaint)}


panels.register(
    Panel(
        key="clocks",
        title=_("Clocks"),
        template="clocks/panel_clocks.html",
        context=panel_context,
        permission=Permission.CASE_VIEW,
        order=20,
    )
)
