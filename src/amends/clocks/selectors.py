"""Questions about clocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext_lazy

from amends.accounts.public import UnitSettings
from amends.cases.public import Complaint
from amends.clocks.models import Clock, Closure
from amends.clocks.states import State
from amends.clocks.zones import zone_named
from amends.core import clock
from amends.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Badge:
    """What a row of the queue shows of one clock.

    Attributes:
        why: the reason, in the language of the page.
        warn: the first warning, if the clock has one.
        ours: whether running out would be our breach; else a possibility lapses.
    """

    kind: str
    due: datetime
    state: State
    why: str
    started: datetime
    warn: datetime | None
    stopped: datetime | None
    ours: bool


def clocks_of(complaint: Complaint) -> list[Clock]:
    """Every clock that was ever started for the complaint, earliest due first (1 query)."""
    return list(Clock.objects.filter(complaint=complaint).order_by("due_at", "id"))


def zone_of(complaint: Complaint, clock_id: int) -> ZoneInfo:
    """The zone in which a clock of the complaint was counted (1 query).

    Raises:
        NotFound: it has no such clock.
    """
    name = Clock.objects.filter(complaint=complaint, pk=clock_id).values_list("zone", flat=True).first()
    if name is None:
        raise NotFound
    return zone_named(name)


def badges_for(complaint_ids: Iterable[int], *, finished: bool = False) -> dict[int, list[Badge]]:
    """The badges of many complaints, earliest due first, in one query; with `finished` also of stopped clocks."""
    rows = Clock.objects.filter(complaint_id__in=list(complaint_ids)).order_by("due_at", "id")
    if not finished:
        rows = rows.filter(stopped_at=None)
    now = clock.now()
    badges: dict[int, list[Badge]] = defaultdict(list)
    for row in rows:
        badges[row.complaint_id].append(badge_of(row, now))
    return dict(badges)


def badge_of(one: Clock, now: datetime) -> Badge:
    """The badge of one clock at `now`."""
    return Badge(
        kind=one.kind,
        due=one.due_at,
        state=one.state(now),
        why=why_of(one),
        started=one.started_at,
        warn=one.warnings[0] if one.warnings else None,
        stopped=one.stopped_at,
        ours=one.missed == "breach",
    )


def why_of(one: Clock) -> str:
    """The reason in the language of the page, else in English."""
    return _in_language(one.whys)


def title_of(one: Clock) -> str:
    """What its rule calls the clock, in the language of the page, else in English."""
    return _in_language(one.titles)


def clock_words(clock_id: int) -> str:
    """What this clock is called, in the language of the page (1 query)."""
    return title_of(Clock.objects.get(pk=clock_id))


def closed_days(settings: UnitSettings) -> dict[date, str]:
    """The unit's own closed days and those of the units above it, with their names (1 query)."""
    above = [int(part) for part in settings.path.strip("/").split("/") if part]
    rows = Closure.objects.filter(unit_id__in=above).order_by("first", "id")
    return {
        row.first + timedelta(days=number): row.name
        for row in rows
        for number in range((row.last - row.first).days + 1)
    }


def letter_words(letter: str) -> str:
    """What a letter that a regime asks for is called, in the language of the page."""
    return str(LETTER_WORDS.get(letter, letter.replace("_", " ")))


LETTER_WORDS = {
    "acknowledgement": gettext_lazy("acknowledgement"),
    "holding": gettext_lazy("holding reply"),
    "delay_notice": gettext_lazy("notice of the delay"),
    "summary_resolution": gettext_lazy("summary resolution communication"),
    "final_response": gettext_lazy("final response"),
    "signpost": gettext_lazy("letter about the ombudsman"),
    "clock_split": gettext_lazy("letter about the parts of the complaint"),
}


def _in_language(texts: dict[str, str]) -> str:
    language = (get_language() or "en").split("-")[0]
    return texts.get(language) or texts["en"]
