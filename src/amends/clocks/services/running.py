"""The verbs around running clocks: start, stop, work out again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import Case, Max, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from amends.accounts.public import SYSTEM, Actor, UnitSettings, unit_settings
from amends.audit.public import record
from amends.cases.public import Complaint, access_complaint, announce_change, set_next_due
from amends.clocks.calendar import CalendarError
from amends.clocks.configured import configured_packs, uncertain_keys
from amends.clocks.engine import NO_CLOSURES, Due, countable, due
from amends.clocks.events import ClockBreached
from amends.clocks.models import Clock, Fact, PointPart
from amends.clocks.public_holidays import UnknownPlaceError
from amends.clocks.rulepack import RulePack
from amends.clocks.rulewords import RECEIVED, Missed
from amends.clocks.selectors import closed_days
from amends.clocks.services.telling import take_over_told, tell_of_moved
from amends.clocks.states import next_alarm
from amends.clocks.zones import UnknownZoneError
from amends.core import clock
from amends.core.events import publish

logger = logging.getLogger(__name__)

# The verbs below that run inside the transaction of what happened have no savepoint of their own: two round trips less
# for every complaint, and if they fail the whole change has to be taken back anyway.


@dataclass(frozen=True, slots=True)
class Start:
    """An event that starts clocks for a complaint.

    Attributes:
        at: when it happened; the clocks count from then.
        event: its name in the rule packs.
        facts: what conditions of rule packs may ask; never the customer's own attributes, which anybody can write.
        imported: it happened in the past: what ran out already is noted without an alarm.
        kinds: start clocks of these kinds only; empty is all.
    """

    complaint_id: int
    unit_id: int
    at: datetime
    event: str = RECEIVED
    facts: Mapping[str, object] = field(default_factory=dict)
    imported: bool = False
    kinds: frozenset[str] = frozenset()


def start_for(*, actor: Actor, start: Start) -> list[Clock]:
    """Start every clock that the unit's rule packs have for this event, with one insert.

    A clock of ours that still runs goes on unchanged; the customer's own time (`lapse`) starts anew.
    """
    with transaction.atomic(savepoint=False):
        clocks = _clocks_for(start, unit_settings(start.unit_id))
        first = start.event == RECEIVED
        if not first:
            clocks = _next_cycle(start, clocks)
        if not clocks:
            return []
        Clock.objects.bulk_create(clocks, ignore_conflicts=True)
        if not start.imported:
            record(
                actor=actor,
                chain=f"complaint:{start.complaint_id}",
                kind="clocks_started",
                data=_started(start, clocks),
            )
        _note_next_due(start.complaint_id, clocks if first else None)
    return clocks


def start_many(*, actor: Actor, starts: Sequence[Start]) -> int:
    """Start the clocks of many new complaints with one insert for all, for imports; how many clocks."""
    with transaction.atomic(savepoint=False):
        settings = {unit_id: unit_settings(unit_id) for unit_id in {start.unit_id for start in starts}}
        clocks = {start.complaint_id: _clocks_for(start, settings[start.unit_id]) for start in starts}
        Clock.objects.bulk_create([one for some in clocks.values() for one in some], ignore_conflicts=True)
        for start in starts:
            if clocks[start.complaint_id] and not start.imported:
                data = _started(start, clocks[start.complaint_id])
                record(actor=actor, chain=f"complaint:{start.complaint_id}", kind="clocks_started", data=data)
            _note_next_due(start.complaint_id, clocks[start.complaint_id])
    return sum(map(len, clocks.values()))


def _clocks_for(start: Start, settings: UnitSettings) -> list[Clock]:
    if not countable(start.at):
        # A stamp from before every calendar is a mistake in somebody's file; the complaint is still a complaint.
        logger.warning(
            "Complaint %s has a start in %s: its clocks cannot be counted.", start.complaint_id, start.at.year
        )
        return []
    facts = {**start.facts, "event": start.event, "imported": start.imported}
    return [
        _clock(start, pack, found)
        for pack in configured_packs(settings.rule_packs)
        for found in _due(pack, start.at, settings, facts)
        if not start.kinds or found.kind in start.kinds
    ]


def _due(pack: RulePack, at: datetime, settings: UnitSettings, facts: Mapping[str, object]) -> list[Due]:
    """What is due, by the unit's place; by the pack's own when the unit's cannot be understood."""
    try:
        return due(
            pack,
            received=at,
            timezone=settings.timezone,
            country=settings.country,
            subdivision=settings.subdivision,
            context=facts,
            closures=closed_days(settings) if pack.calendar.own_closures else NO_CLOSURES,
        )
    except (UnknownZoneError, UnknownPlaceError, CalendarError) as problem:
        logger.warning("Unit %s: %s. The rule pack %s counts in its own place.", settings.unit_id, problem, pack.key)
        return due(pack, received=at, context=facts)


def _clock(start: Start, pack: RulePack, found: Due) -> Clock:
    now = clock.now()
    over = now > found.due
    silent = start.imported and over
    return Clock(
        complaint_id=start.complaint_id,
        pack=pack.key,
        pack_version=pack.version,
        kind=found.kind,
        part=found.part,
        event=start.event,
        zone=found.zone,
        titles=dict(found.titles),
        whys=dict(found.whys),
        source=found.source,
        certainty=found.certainty.value,
        missed=found.missed.value,
        ends=found.end.value,
        stops=list(found.stops),
        started_at=found.start,
        due_at=found.due,
        warnings=list(found.warnings),
        alarm_at=None if silent else next_alarm(due_at=found.due, warnings=found.warnings, now=found.start),
        breached_at=now if silent and found.missed is Missed.BREACH else None,
    )


def _started(start: Start, clocks: Iterable[Clock]) -> dict[str, object]:
    return {
        "event": start.event,
        "clocks": [
            {"kind": one.kind, "pack": one.pack, "version": one.pack_version.isoformat(), "due": one.due_at.isoformat()}
            for one in clocks
        ],
    }


def _next_cycle(start: Start, clocks: list[Clock]) -> list[Clock]:
    """Of the clocks that a later event would start, those that do start, each with the number of its turn."""
    mine = Clock.objects.filter(complaint_id=start.complaint_id)
    turns = {
        (row["pack"], row["kind"], row["part"]): row
        for row in mine.values("pack", "kind", "part").annotate(
            last=Max("cycle"), running=Max("id", filter=Q(stopped_at=None))
        )
    }
    starting = []
    for one in clocks:
        turn = turns.get((one.pack, one.kind, one.part))
        if turn is None:
            starting.append(one)
        elif turn["running"] is None or one.missed == Missed.LAPSE:
            _stop_these(mine.filter(pk=turn["running"]), by="superseded", at=start.at)
            one.cycle = turn["last"] + 1
            starting.append(one)
    return starting


def stop(
    *, actor: Actor, complaint_id: int, event: str, at: datetime | None = None, among: QuerySet[Clock] | None = None
) -> int:
    """Stop the running clocks (only those `among` these) that this event stops, as of `at` (now); how many it stopped.

    A clock that is stopped as of a time before it was due was kept, even when it looked late in between.
    """
    with transaction.atomic(savepoint=False):
        some = Clock.objects.all() if among is None else among
        running = some.filter(complaint_id=complaint_id, stopped_at=None, stops__contains=[event])
        clocks = list(running.select_for_update().order_by("id"))
        if not clocks:
            return 0
        moment = at or clock.now()
        _stop_these(Clock.objects.filter(pk__in=[one.pk for one in clocks]), by=event, at=moment)
        late = [one for one in clocks if one.missed == Missed.BREACH and not one.breached_at and one.due_at < moment]
        for one in late:
            # Done too late before any sweep had looked: a broken deadline all the same, and never a silent one.
            record(actor=SYSTEM, chain=f"complaint:{complaint_id}", kind="clock_breached", data=noticed(one))
            publish(ClockBreached(clock_id=one.pk, complaint_id=complaint_id, kind=one.kind, over=True))
        record(
            actor=actor,
            chain=f"complaint:{complaint_id}",
            kind="clocks_stopped",
            data={"event": event, "clocks": [{"kind": one.kind, "in_time": moment <= one.due_at} for one in clocks]},
        )
        _note_next_due(complaint_id, None)
    return len(clocks)


def noticed(one: Clock) -> dict[str, object]:
    """What the record keeps of a warning or a breach."""
    return {"clock": one.pk, "kind": one.kind, "pack": one.pack, "due": one.due_at.isoformat()}


def _stop_these(clocks: QuerySet[Clock], *, by: str, at: datetime) -> int:
    """Stop them, and make `breached_at` agree with whether that was in time."""
    late = Coalesce("breached_at", Value(at))
    return clocks.filter(stopped_at=None).update(
        stopped_at=at,
        stopped_by=by,
        alarm_at=None,
        breached_at=Case(When(due_at__lt=at, missed=Missed.BREACH.value, then=late), default=Value(None)),
    )


def recompute(*, actor: Actor, complaint_id: int, by_letter: bool = True) -> int:
    """Work the running clocks out again from what is known now; how many changed.

    For changed facts (an assessment, something a person stated), another receipt, changed settings of the unit or a
    changed rule pack. A clock whose date changes keeps its row and can warn again; one that no longer applies is stopped,
    one that now applies starts. A date the customer was told never moves silently (`tell_of_moved`).
    """
    with transaction.atomic(savepoint=False):
        complaint = access_complaint(actor, complaint_id, lock=True)
        start = Start(
            complaint_id=complaint.pk, unit_id=complaint.unit_id, at=complaint.received_at, facts=facts_of(complaint)
        )
        wanted = {(one.pack, one.kind, one.part): one for one in _clocks_for(start, unit_settings(complaint.unit_id))}
        # By rules that cannot be read just now nothing is stopped or moved: it runs on as it was.
        unread = uncertain_keys(unit_settings(complaint.unit_id).rule_packs)
        known = Clock.objects.select_for_update().filter(complaint=complaint, event=RECEIVED).exclude(pack__in=unread)
        kinds: list[str] = []
        given_up: list[Clock] = []
        for one in known.order_by("id"):
            now_wanted = wanted.pop((one.pack, one.kind, one.part), None)
            if one.stopped_at is None and _adjust(one, now_wanted):
                kinds.append(one.kind)
                if now_wanted is None and one.told_due_at is not None:
                    given_up.append(one)
                else:
                    tell_of_moved(actor=actor, clock_id=one.pk, by_letter=by_letter)
        # A clock whose time was over before anybody knew that it applies does not start: it could only be broken.
        late = [one for one in wanted.values() if one.due_at > clock.now() and one.pack not in unread]
        Clock.objects.bulk_create(late, ignore_conflicts=True)
        kinds += [one.kind for one in late]
        for one in given_up:
            take_over_told(actor=actor, given_up=one, by_letter=by_letter)
        if kinds:
            record(
                actor=actor, chain=f"complaint:{complaint.pk}", kind="clocks_recomputed", data={"kinds": sorted(kinds)}
            )
            _note_next_due(complaint.pk, None)
            announce_change(complaint)
    return len(kinds)


def facts_of(complaint: Complaint) -> dict[str, object]:
    """What conditions of rule packs may ask about a complaint: our own assessment and what a colleague stated, never the
    customer's attributes (2 queries)."""
    stated = dict(Fact.objects.filter(complaint=complaint).values_list("name", "value"))
    if complaint.acknowledged_at is not None:
        stated.setdefault("acknowledged", complaint.acknowledged_at.isoformat())
    parts = PointPart.objects.filter(point__complaint=complaint, point__removed_at=None)
    if len(set(parts.values_list("part", flat=True))) > 1:
        stated["mixed_complaint"] = True
    return stated | {
        "category": complaint.category,
        "severity": complaint.severity,
        "safety": complaint.safety,
        "vulnerable": complaint.vulnerable,
        "label": complaint.label,
        "language": complaint.language,
    }


def _adjust(known: Clock, wanted: Clock | None) -> bool:
    """Bring a running clock up to date; whether anything changed."""
    if wanted is None:
        return _stop_these(Clock.objects.filter(pk=known.pk), by="no_longer_applies", at=clock.now()) == 1
    if all(
        getattr(known, name) == getattr(wanted, name) for name in ("due_at", "pack_version", "warnings", "started_at")
    ):
        return False
    names = [
        "started_at",
        "pack_version",
        "zone",
        "titles",
        "whys",
        "source",
        "certainty",
        "missed",
        "ends",
        "stops",
        "due_at",
        "warnings",
    ]
    for name in names:
        setattr(known, name, getattr(wanted, name))
    known.alarm_at = next_alarm(due_at=known.due_at, warnings=known.warnings, now=clock.now())
    known.breached_at = None
    known.save(update_fields=[*names, "alarm_at", "breached_at"])
    return True


def _note_next_due(complaint_id: int, fresh: list[Clock] | None) -> None:
    """Tell the queue about the earliest running clock that is ours to keep; `fresh`: all there are, if known."""
    if fresh is None:
        fresh = list(
            Clock.objects.filter(complaint_id=complaint_id, stopped_at=None, missed=Missed.BREACH.value).order_by(
                "due_at"
            )[:1]
        )
    first = min((one for one in fresh if one.missed == Missed.BREACH), key=lambda one: one.due_at, default=None)
    set_next_due(complaint_id=complaint_id, due_at=first.due_at if first else None, kind=first.kind if first else "")
