"""A person says that a duty was done outside of Amends: a letter was posted, a report made, money paid back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from amends.accounts.public import Actor, Permission
from amends.audit.public import Record, record
from amends.cases.public import access_complaint, add_note
from amends.clocks.models import Clock
from amends.clocks.selectors import title_of
from amends.clocks.sentences import either, stop_words
from amends.clocks.services.running import stop
from amends.clocks.stops import by_hand
from amends.clocks.zones import zone_named
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound, Refused
from amends.core.text import clean

WORDS_LIMIT = 2000
KIND = "clock_done"


def done(
    *, actor: Actor, complaint_id: int, clock_id: int, how: str, at: datetime | None = None, event: str = ""
) -> Clock:
    """Note that the duty behind a clock was done; what runs for the same part and ends with the same event ends too.

    The words are kept as a note, so that they can be erased with the case; the record keeps who, what and when.

    Args:
        how: who did it and by which way.
        at: when it was done, aware; now unless given.
        event: which of the events that only a person can report; the first that the clock's rule names unless given.

    Raises:
        BadInput: the words are missing, the moment is to come or before the clock's start, or the event is not its own.
        Conflict: the clock has ended already; says when, and by whom it was noted.
        NotFound: the case is not the actor's, or the clock not the case's.
        Refused: the clock ends with what happens in Amends.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        one = Clock.objects.select_for_update().filter(complaint=complaint, pk=clock_id).first()
        if one is None:
            raise NotFound
        event = _event(one, event)
        words = clean(how).strip()[:WORDS_LIMIT]
        if not words:
            raise BadInput(_("Say in a sentence who did it, and by which way."), field="how")
        moment = _moment(one, at)
        same = Clock.objects.filter(complaint=complaint, part=one.part, started_at__lte=moment)
        ended = list(same.filter(stopped_at=None, stops__contains=[event]).order_by("id").values_list("pk", flat=True))
        stop(actor=actor, complaint_id=complaint.pk, event=event, at=moment, among=same)
        note = add_note(actor=actor, complaint_id=complaint.pk, text=f"{title_of(one)}: {words}")
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind=KIND,
            data={"clocks": ended, "kind": one.kind, "event": event, "at": moment.isoformat(), "note": note.pk},
        )
    one.refresh_from_db()
    return one


def _event(one: Clock, wanted: str) -> str:
    """The event to report for this clock, which still runs."""
    possible = by_hand(one.stops)
    if not possible:
        raise Refused(
            _("This deadline ends by itself, with: %(events)s. Nobody notes it as done by hand.")
            % {"events": either(map(stop_words, one.stops))}
        )
    if one.stopped_at is not None:
        raise Conflict(_ended(one, one.stopped_at))
    if wanted and wanted not in possible:
        raise BadInput(_("Choose one of: %(words)s.") % {"words": ", ".join(possible)}, field="event")
    return wanted or possible[0]


def _ended(one: Clock, stopped_at: datetime) -> str:
    when = _wall(one, stopped_at)
    noted = Record.objects.filter(
        chain=f"complaint:{one.complaint_id}", kind=KIND, data__clocks__contains=[one.pk]
    ).first()
    if noted is None:
        return _("This deadline has ended already, on %(when)s: %(event)s.") % {
            "when": when,
            "event": stop_words(one.stopped_by),
        }
    return _("%(name)s noted already that this was done on %(when)s.") % {"name": noted.actor_name, "when": when}


def _moment(one: Clock, at: datetime | None) -> datetime:
    """The moment it was done; the minute in which the clock started is its start."""
    now = clock.now()
    if at is None:
        return max(now, one.started_at)
    if at.tzinfo is None:
        raise BadInput(_("Give the time with its offset, such as 2026-03-02T09:30:00+01:00."), field="at")
    if at > now:
        raise BadInput(_("That is still to come: choose a time up to now."), field="at")
    if at < one.started_at.replace(second=0, microsecond=0):
        raise BadInput(
            _("This deadline began on %(when)s: choose a time from then on.") % {"when": _wall(one, one.started_at)},
            field="at",
        )
    return max(at, one.started_at)


def _wall(one: Clock, moment: datetime) -> str:
    return date_format(moment.astimezone(zone_named(one.zone)), "j M Y, H:i")
