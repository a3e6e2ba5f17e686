"""The clocks in a complaint's JSON."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel

from amends.cases.public import Complaint
from amends.clocks.selectors import clocks_of, title_of, why_of
from amends.clocks.states import State
from amends.clocks.stops import by_hand
from amends.clocks.zones import zone_named
from amends.core import clock
from amends.core.sections import Section, sections


class ClockOut(BaseModel):
    """One clock. `due` is in the zone of the case; `why` says rule, start, calendar, zone, pack and version; `by_hand`
    names the events that end it and that somebody has to report.
    """

    id: int
    kind: str
    part: str
    title: str
    due: datetime
    state: State
    why: str
    pack: str
    version: date
    source: str
    certainty: str
    started_at: datetime
    stopped_at: datetime | None
    stopped_by: str
    by_hand: list[str]


def read_clocks(complaint: Complaint) -> list[ClockOut]:
    """Every clock of the complaint, earliest due first (1 query)."""
    now = clock.now()
    return [
        ClockOut(
            id=one.pk,
            kind=one.kind,
            part=one.part,
            title=title_of(one),
            due=one.due_at.astimezone(zone_named(one.zone)),
            state=one.state(now),
            why=why_of(one),
            pack=one.pack,
            version=one.pack_version,
            source=one.source,
            certainty=one.certainty,
            started_at=one.started_at,
            stopped_at=one.stopped_at,
            stopped_by=one.stopped_by,
            by_hand=by_hand(one.stops),
        )
        for one in clocks_of(complaint)
    ]


sections.register(Section(key="clocks", annotation=list[ClockOut], read=read_clocks, order=40))
