"""The panel beside a case: every clock with its date, its state and its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise as LazyText
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Permission
from amends.cases.public import Complaint, points_of
from amends.clocks.models import Clock, Fact, PointPart
from amends.clocks.rulepack import RulePack
from amends.clocks.rulewords import Certainty, End
from amends.clocks.selectors import clocks_of, title_of, why_of
from amends.clocks.sentences import stop_words
from amends.clocks.services import packs_of
from amends.clocks.states import State
from amends.clocks.stops import by_hand
from amends.clocks.zones import zone_named
from amends.core import clock
from amends.core.panels import Panel, panels

PANEL = "clocks"
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
        to_report: the events (word and name) that end it and that only a person can report, while it runs.
    """

    id: int
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
    told: datetime | None
    zone: str
    started: datetime
    to_report: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact that may be stated here, with what is stated now."""

    name: str
    title: str
    kind: str
    words: tuple[str, ...]
    value: object
    reason_wanted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PartLine:
    """A point and the part of the complaint it belongs to."""

    point_id: int
    words: str
    part: str


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
        id=one.pk,
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
        told=one.told_due_at.astimezone(zone) if one.told_due_at and one.told_due_at != one.due_at else None,
        zone=zone.key,
        started=one.started_at.astimezone(zone),
        to_report=[] if one.stopped_at else [(event, stop_words(event)) for event in by_hand(one.stops)],
    )


def _language() -> str:
    return (get_language() or "en").split("-")[0]


def fact_lines(complaint: Complaint, packs: list[RulePack]) -> list[FactLine]:
    """The facts that the complaint's rule packs ask a person for (1 query); one that follows from the points is left out."""
    stated = {one.name: one for one in Fact.objects.filter(complaint=complaint)}
    asked = {name: rule for pack in packs for name, rule in pack.facts.items() if name not in DERIVED}
    return [
        FactLine(
            name=name,
            title=rule.title.by_language.get(_language(), rule.title.en),
            kind=rule.kind,
            words=rule.words,
            value=stated[name].value if name in stated else "",
            reason_wanted=rule.reason,
            reason=stated[name].reason if name in stated else "",
        )
        for name, rule in asked.items()
    ]


def part_lines(complaint: Complaint, packs: list[RulePack]) -> list[PartLine]:
    """The points with their parts, where a rule pack counts parts for themselves (2 queries)."""
    if not any(pack.parts for pack in packs):
        return []
    chosen = dict(PointPart.objects.filter(point__complaint=complaint).values_list("point_id", "part"))
    return [PartLine(one.pk, one.words, chosen.get(one.pk, "")) for one in points_of(complaint)]


DERIVED = frozenset({"mixed_complaint", "part", "acknowledged"})
"""Facts that follow from what is known already: from the parts of the points, and from our first letter."""
PART_WORDS = {"payment": _("payment"), "other": _("the rest")}


def panel_context(actor: Any, complaint: Complaint) -> dict[str, Any]:
    """What the template needs."""
    packs = packs_of(complaint)
    parts = dict.fromkeys(part for pack in packs for part in pack.parts)
    return {
        "clocks": lines_of(complaint),
        "facts": fact_lines(complaint, packs),
        "points": part_lines(complaint, packs),
        "parts": [(part, PART_WORDS.get(part, part.replace("_", " "))) for part in parts],
        "may_state": actor.can(Permission.CASE_WORK),
    }


panels.register(
    Panel(
        key=PANEL,
        title=_("Clocks"),
        template="clocks/panel_clocks.html",
        context=panel_context,
        permission=Permission.CASE_VIEW,
        order=20,
    )
)
